import type { RecordedEvent } from '../../src/core/event.ts';
import { idOf } from '../../src/core/stream.ts';
import type { Say } from './problem.ts';

type Data = { donor: string; recipient: string; cents: string; escrow?: string };
type Sums = Map<string, bigint>;

const add = (map: Sums, key: string, cents: bigint): void => void map.set(key, (map.get(key) ?? 0n) + cents);

/** What the escrows say: held and released by recipient, how each hold ended. */
const escrowBook = (say: Say) => {
  const held: Sums = new Map();
  const released: Sums = new Map();
  const ended = new Map<string, string>();
  const take = (event: RecordedEvent): void => {
    const { recipient, cents } = event.data as Data;
    const id = idOf(event.stream);
    if (event.type === 'EscrowHeld') add(held, recipient, BigInt(cents));
    if (event.type !== 'EscrowReleased' && event.type !== 'EscrowRefunded') return;
    if (ended.has(id)) say('I5', `escrow ${id} ended twice: ${ended.get(id)} and ${event.type}`);
    ended.set(id, event.type);
    add(held, recipient, -BigInt(cents));
    if (event.type === 'EscrowReleased') add(released, recipient, BigInt(cents));
  };
  return { held, released, ended, take };
};

/** What the wallets say; no balance is negative at any place of the log. */
const walletBook = (say: Say) => {
  const receivable: Sums = new Map();
  const fiat: Sums = new Map();
  const take = (event: RecordedEvent): void => {
    const id = idOf(event.stream);
    const cents = (): bigint => BigInt((event.data as Data).cents);
    if (event.type === 'FundsReceivable') add(receivable, id, cents());
    if (event.type !== 'FundsPosted' && event.type !== 'FundsVoided') return;
    add(receivable, id, -cents());
    if (event.type === 'FundsPosted') add(fiat, id, cents());
    if (receivable.get(id)! < 0n) say('I5', `wallet ${id} is negative at ${event.position}`);
  };
  return { receivable, fiat, take };
};

const checkCoins = (coins: ReadonlyMap<string, number>, ended: ReadonlyMap<string, string>, say: Say): void => {
  for (const [escrow, type] of ended) {
    const given = coins.get(escrow) ?? 0;
    if (given !== (type === 'EscrowReleased' ? 1 : 0)) say('P2', `coins for escrow ${escrow} (${type}) were given ${given} times`);
  }
  for (const [escrow, times] of coins) if (!ended.has(escrow)) say('P2', `coins for escrow ${escrow}, which has not ended, ${times} times`);
};

/** I5: receivable is the sum of what is held, each hold ends once, coins are given once for a release. */
export const checkMoney = (events: readonly RecordedEvent[], say: Say): void => {
  const escrows = escrowBook(say);
  const wallets = walletBook(say);
  const coins = new Map<string, number>();
  for (const event of events) {
    escrows.take(event);
    wallets.take(event);
    const { escrow } = event.data as Data;
    if (event.type === 'CoinsAwarded') coins.set(escrow!, (coins.get(escrow!) ?? 0) + 1);
  }
  for (const [recipient, cents] of escrows.held) {
    const receivable = wallets.receivable.get(recipient) ?? 0n;
    const fiat = wallets.fiat.get(recipient) ?? 0n;
    const released = escrows.released.get(recipient) ?? 0n;
    if (receivable !== cents) say('I5', `wallet ${recipient} has ${receivable} receivable; ${cents} are held`);
    if (fiat !== released) say('I5', `wallet ${recipient} has ${fiat}; ${released} were released`);
  }
  checkCoins(coins, escrows.ended, say);
};
