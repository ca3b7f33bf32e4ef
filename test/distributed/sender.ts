import type { Answered } from '../support/cluster.ts';
import type { Order } from './escrows.ts';

/** Between two tries of a request that had no answer. */
const againMs = 200;

type Answers = { readonly answers: readonly { readonly id: string; readonly kind: string; readonly rule?: string }[] };

/** A client that remembers what it was told, and sends what had no answer again under the same id. */
export const createSender = (call: (method: string, path: string, body: unknown) => Promise<Answered>) => {
  const acked = new Map<string, { readonly stream: string; readonly id: string }>();
  return {
    /** What was accepted: it must be in the log, once. */
    acked,
    /** Resolves when each was accepted; rejects when one is refused. */
    send: async (orders: readonly Order[]): Promise<void> => {
      for (let left = orders; left.length > 0; ) {
        const answer = await call('POST', '/api/v1/commands', { commands: left }).catch(() => null);
        const answers = answer?.status === 200 ? (answer.body as Answers).answers : [];
        const refused = answers.find(({ kind }) => kind === 'rejected' || kind === 'ignored');
        if (refused !== undefined) throw new Error(`refused: ${JSON.stringify(refused)}`);
        const accepted = new Set(answers.filter(({ kind }) => kind === 'accepted').map(({ id }) => id));
        for (const { id, to } of left) if (accepted.has(id)) acked.set(id, { stream: to, id });
        left = left.filter(({ id }) => !accepted.has(id));
        if (left.length > 0) await new Promise((resolve) => setTimeout(resolve, againMs));
      }
    },
  };
};
