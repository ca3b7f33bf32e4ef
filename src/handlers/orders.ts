import { messageOf } from '../core/errors.ts';
import { jobOfKey } from '../core/ids.ts';
import type { Instant } from '../core/instant.ts';
import type { AnyJob, Look } from '../core/job.ts';
import { caughtUp } from '../projections/caught-up.ts';
import { dueIndexName } from '../projections/due-index.ts';
import { type DueRow, pageDue } from '../projections/due-queries.ts';
import type { Work } from './actor.ts';
import type { EngineParts } from './deps.ts';
import type { Flags } from './flags.ts';
import type { Partition } from './partition.ts';
import { createReports, type Tally } from './reports.ts';
import { type Entry, type Order, observeAll, workOn } from './slice.ts';
import { createTurns } from './turns.ts';

export type OrderDeps = EngineParts & {
  readonly flags: Flags;
  readonly build: number;
  partition(key: string): Partition | undefined;
  /** Resolves when the flags know everything that is in the log now. */
  followed(): Promise<void>;
  /** Reads the outside for a job that looks before it decides. */
  readonly look: Look;
};

type Pass = Tally & { goOn: boolean; nextTry: Instant | null };

const sliceSize = 1_000;
/** Pages in hand at once in one process: more of them need memory and win nothing. */
const pagesAtOnce = 4;
/** While the clock is not believed, it is looked at again this often. */
const troubleMs = 1_000;

/** How many actors a careful order has met one at a time: whoever ended the process is in its first slice. */
type Met = { count: number };

/** Carries out one order: pages the due index, settles slice after slice, and reports each; ends with a look that finds nothing left. */
export const createOrders = (deps: OrderDeps, signal: AbortSignal) => {
  const { report, failed, announced, recovered, stoppedByPause } = createReports(deps);
  const inTurn = createTurns(pagesAtOnce);
  const active = new Map<string, number>();
  /** Careful meetings take turns over all partitions: who is announced when the process ends is who ended it. */
  let turn: Promise<unknown> = Promise.resolve();

  const settleSlice = async (order: Order, job: AnyJob, rows: readonly DueRow[], done: Set<string>): Promise<number> => {
    const partition = deps.partition(order.partition);
    if (partition === undefined) throw new Error('partition is not owned any more');
    const started = deps.clock.monotonic();
    const observed = await observeAll(job, rows, order.asOf, deps.look);
    const entries: Entry[] = rows.map((row) => ({ row, outcome: { kind: 'nothing' } }));
    const works: Work[] = [];
    entries.forEach((entry, index) => {
      const seen = observed[index];
      if (seen instanceof Error) entry.outcome = { kind: 'failed', due: null, error: seen };
      else works.push(workOn(order, job, entry, seen));
    });
    await partition.slice(works);
    let changed = 0;
    for (const entry of entries) {
      const about = entry.row.stream;
      if (entry.outcome.kind === 'failed')
        await failed(order, deps.registry.jobs.get(entry.outcome.due?.name ?? job.name) ?? job, entry, entry.outcome.error);
      else {
        // An at-tick actor may stay due: it is decided once a slot all the same.
        if (entry.outcome.kind === 'nothing' || job.takesEffect === 'at-tick') done.add(about);
        if (entry.outcome.kind !== 'nothing') changed += 1;
        if (deps.flags.item(job.name, about)?.status === 'waiting') await recovered(order, job, about);
      }
    }
    deps.observers.note({
      kind: 'slice-done',
      job: job.name,
      slot: order.slot,
      partition: Number(order.partition.split('.')[1]),
      actors: rows.length,
      durationMs: deps.clock.monotonic() - started,
    });
    return changed;
  };

  /** A page of actors: in one slice, or one at a time as long as one of them may end the process. */
  const settlePage = async (order: Order, job: AnyJob, rows: readonly DueRow[], done: Set<string>, met: Met): Promise<number> => {
    const careful = order.careful ? rows.slice(0, Math.max(0, sliceSize - met.count)) : [];
    let changed = 0;
    for (const row of careful) {
      met.count += 1;
      const meeting = turn.then(async () => ((await announced(order, job, row.stream)) ? settleSlice(order, job, [row], done) : 0));
      turn = meeting.catch(() => undefined);
      changed += await meeting;
    }
    const rest = rows.slice(careful.length);
    return rest.length === 0 ? changed : changed + (await settleSlice(order, job, rest, done));
  };

  /** Those of a page that are met now; what has to be left is counted. */
  const meetable = (job: AnyJob, page: readonly DueRow[], done: Set<string>, tally: Pass): DueRow[] => {
    const now = deps.clock.now();
    return page.filter((row) => {
      if (done.has(row.stream)) return false;
      if (deps.flags.isParked(job.name, row.stream)) {
        tally.parked += 1;
        return false;
      }
      const item = deps.flags.item(job.name, row.stream);
      if (item?.status !== 'waiting' || item.nextAt === null || item.nextAt <= now) return true;
      tally.waiting += 1;
      if (tally.nextTry === null || item.nextAt < tally.nextTry) tally.nextTry = item.nextAt;
      return false;
    });
  };

  /** One page of a pass; null when there is no further one, or the run is over. */
  const nextPage = async (
    order: Order,
    job: AnyJob,
    done: Set<string>,
    met: Met,
    tally: Pass,
    after: DueRow | null,
  ): Promise<DueRow | null> => {
    const page = await pageDue(deps.readModels, {
      name: order.key,
      owner: order.partition,
      upTo: order.asOf,
      limit: sliceSize,
      ...(after === null ? {} : { after }),
    });
    const rows = meetable(job, page, done, tally);
    if (rows.length > 0) {
      tally.settled += await settlePage(order, job, rows, done, met);
      tally.goOn = await report(order, { settled: rows.length, waiting: tally.waiting, parked: tally.parked }, false);
    }
    return tally.goOn && page.length === sliceSize ? (page.at(-1) ?? null) : null;
  };

  /** One pass over what is due; tells what it settled and what it had to leave. */
  const pass = async (order: Order, job: AnyJob, done: Set<string>, met: Met): Promise<Pass> => {
    const tally: Pass = { settled: 0, waiting: 0, parked: 0, goOn: true, nextTry: null };
    let after: DueRow | null = null;
    do {
      const from: DueRow | null = after;
      const work = (): Promise<DueRow | null> => nextPage(order, job, done, met, tally, from);
      // A look outside waits for others: it must not keep anybody from a turn.
      after = job.observe === undefined ? await inTurn(work) : await work();
    } while (after !== null && !signal.aborted);
    return tally;
  };

  const carryOut = async (order: Order, job: AnyJob): Promise<void> => {
    const done = new Set<string>();
    const met: Met = { count: 0 };
    while (!signal.aborted) {
      if (deps.clock.trouble?.()) {
        await deps.clock.sleep(troubleMs, signal);
        continue;
      }
      await Promise.all([deps.followed(), caughtUp(deps, [dueIndexName], signal)]);
      if (await stoppedByPause(order)) return;
      const tally = await pass(order, job, done, met);
      if (!tally.goOn || signal.aborted || (await stoppedByPause(order))) return;
      if (tally.settled > 0) continue;
      if (tally.nextTry === null) {
        // Failures of this pass become waiting items: they are only seen by the next look.
        const failing = await pass(order, job, done, met);
        if (failing.settled > 0 || failing.waiting > 0) continue;
        await report(order, { settled: 0, waiting: 0, parked: failing.parked }, true);
        return;
      }
      await deps.clock.sleepUntil(tally.nextTry, signal);
    }
  };

  return {
    accept: (order: Order): void => {
      const name = `${order.slot} ${order.partition}`;
      const job = deps.registry.jobs.get(jobOfKey(order.key));
      if (job === undefined || (active.get(name) ?? 0) >= order.epoch) return;
      active.set(name, order.epoch);
      carryOut(order, job)
        .catch((error: unknown) => {
          if (signal.aborted) return;
          deps.observers.note({
            kind: 'log',
            level: 'error',
            scope: 'orders',
            message: messageOf(error),
            facts: { slot: order.slot, partition: order.partition },
          });
        })
        .finally(() => active.delete(name));
    },
  };
};
