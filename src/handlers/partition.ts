import type { Answer, Command } from '../core/command.ts';
import { toMs } from '../core/instant.ts';
import type { Clock } from '../ports/clock.ts';
import { type ActorDeps, type CommandWork, doWork, type Work } from './actor.ts';

/** A person's or a service's clock may be this much ahead; further ahead is refused (design section 5). */
const aheadMs = 5_000;
/** Most commands that one append takes. */
const maxBatch = 256;

/** The owner's loop of one partition: one batch at a time, urgent commands first, a slice only when no command waits. */
export type Partition = {
  command(command: Command, options?: { readonly urgent?: boolean; readonly row?: CommandWork['row'] }): Promise<Answer>;
  /** Brings a slice of actors up to date; resolves when the outcomes are durable. */
  slice(works: readonly Work[]): Promise<void>;
  /** No more work is taken; resolves when the work in hand is done. */
  stop(): Promise<void>;
};

export const createPartition = (deps: ActorDeps & { readonly clock: Clock }): Partition => {
  const urgent: CommandWork[] = [];
  const waiting: CommandWork[] = [];
  const slices: { readonly works: readonly Work[]; done(): void }[] = [];
  let running: Promise<void> | null = null;
  let stopped = false;

  const next = async (): Promise<void> => {
    const batch = urgent.splice(0, maxBatch);
    batch.push(...waiting.splice(0, maxBatch - batch.length));
    if (batch.length > 0) await doWork(deps, batch);
    const slice = slices.shift();
    if (slice === undefined) return;
    await doWork(deps, slice.works);
    slice.done();
  };

  const loop = async (): Promise<void> => {
    // One turn of the event loop lets everything that arrived together form one batch.
    await Promise.resolve();
    // The last look and the end of the loop are one step: nothing can arrive unseen between them.
    while (urgent.length + waiting.length + slices.length > 0) await next();
    running = null;
  };

  const wake = (): void => {
    running ??= loop();
  };

  const refused = (command: Command, code: 'clock-ahead' | 'clock-jumped' | 'store-closed', message: string): Answer => ({
    kind: 'failed',
    stream: command.to,
    code,
    message,
    transient: code !== 'clock-ahead',
  });

  const command: Partition['command'] = async (wish, options = {}) => {
    if (stopped) return refused(wish, 'store-closed', 'The service is stopping');
    const trouble = deps.clock.trouble?.() ?? null;
    // The engine's own reports are taken: an effect's outcome must not be lost. Nothing is settled or opened at a time that may be none.
    if (trouble !== null && (!wish.to.startsWith('engine.') || wish.type === 'OpenSlot')) return refused(wish, 'clock-jumped', trouble);
    const now = deps.clock.now();
    if (wish.asOf > now) {
      const ahead = toMs(wish.asOf) - toMs(now);
      if (ahead > aheadMs)
        return refused(wish, 'clock-ahead', `asOf ${wish.asOf} is ${Math.round(ahead / 1000)} s ahead of this clock (${now})`);
      await deps.clock.sleepUntil(wish.asOf);
    }
    return new Promise((done) => {
      const work: CommandWork =
        options.row === undefined ? { kind: 'command', command: wish, done } : { kind: 'command', command: wish, row: options.row, done };
      (options.urgent ? urgent : waiting).push(work);
      wake();
    });
  };

  return {
    command,
    slice: (works) =>
      new Promise((done) => {
        slices.push({ works, done });
        wake();
      }),
    stop: async () => {
      stopped = true;
      while (running !== null) await running;
    },
  };
};
