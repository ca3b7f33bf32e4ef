/** A command as the HTTP API takes it. */
export type Order = { readonly id: string; readonly to: string; readonly type: string; readonly data: object };

/** Donations that are sent and received at once, in `giving.escrow-e<n>`. */
export const escrowOrders = (from: number, count: number): Order[] =>
  Array.from({ length: count }, (_, index): Order[] => {
    const n = from + index;
    const to = `giving.escrow-e${n}`;
    return [
      { id: `send-${n}`, to, type: 'SendDonation', data: { donor: `d${n % 17}`, recipient: `r${n % 13}`, cents: 100 + n } },
      { id: `confirm-${n}`, to, type: 'ConfirmReceipt', data: {} },
    ];
  }).flat();

const batch = 10;

/** Sends batch after batch of `make`, each `pauseMs` after the one before was acknowledged, until it is stopped. */
export const startLoad = (
  send: (orders: readonly Order[]) => Promise<void>,
  pauseMs = 0,
  make: (from: number, count: number) => readonly Order[] = escrowOrders,
) => {
  let stopping = false;
  let count = 0;
  const running = (async () => {
    for (; !stopping; count += batch) {
      await send(make(count, batch));
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  })();
  // Told by `stop`.
  running.catch(() => undefined);
  return {
    count: (): number => count,
    /** Resolves with how many were sent, all of them acknowledged; rejects when one was refused. */
    stop: async (): Promise<number> => {
      stopping = true;
      await running;
      return count;
    },
  };
};
