import type { RecordedEvent } from '../core/event.ts';
import { copyLog } from './copy-log.ts';
import { copyVault } from './copy-vault.ts';
import type { Move, Progress } from './move.ts';
import { placeReactors } from './place-reactors.ts';
import { resume } from './resume.ts';
import { verifyLog, verifyVault } from './verify.ts';

/** What a move did. `found` events were there from a run before; the hash is that of both logs. */
export type Migrated = {
  readonly found: number;
  readonly copied: number;
  readonly events: number;
  readonly subjects: number;
  readonly hash: string;
};

/**
 * Copies the log and the vault of a stopped folder to servers and compares both sides. Run again after an interruption, it goes
 * on where it stopped. Null when aborted. Throws `bad-request` when the target is not empty and no started move of this folder,
 * `store-corrupt` when the sides differ in the end.
 */
export const migrate = async (move: Move, progress: Progress, signal: AbortSignal): Promise<Migrated | null> => {
  const { from, to } = move;
  const total = Number((await from.store.head()) ?? 0);
  const telling =
    (step: Parameters<Progress>[0]) =>
    ({ position }: RecordedEvent): void =>
      progress(step, Number(position), total);

  const { rest, events: found, unfinished } = await resume(from.store, to.store, telling('resume'));
  const copied = await copyLog(rest, to, unfinished, telling('copy'), signal);
  if (signal.aborted) return null;
  // After the log, which refuses a wrong target before anybody's data goes there.
  const subjects = await copyVault(from.vaultEntries(), to.vault);
  const { hash, events } = await verifyLog(move, telling('verify'));
  await verifyVault(move);
  await placeReactors(to.readModels, to.reactors);
  return { found, copied, events, subjects, hash };
};
