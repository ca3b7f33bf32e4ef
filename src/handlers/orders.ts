import { nextAttemptAt } from '../core/backoff.ts';
import type { Answer, Command } from '../core/command.ts';
import { CarillonError, messageOf } from '../core/errors.ts';
import type { StreamName } from '../core/event.ts';
import { itemStream, jobOfKey, runStream } from '../core/ids.ts';
import type { Instant } from '../core/instant.ts';
import type { AnyJob, Look } from '../core/job.ts';
import type { Json } from '../core/json.ts';
import { caughtUp } from '../projections/caught-up.ts';
import { dueIndexName } from '../projections/due-index.ts';
import { type DueRow, pageDue } from '../projections/due-queries.ts';
import type { Work } from './actor.ts';
import type { EngineParts } from './deps.ts';
import type { Flags } from './flags.ts';
import type { Partition } from './partition.ts';
import { type Entry, type Order, observeAll, workOn } from './slice.ts';

export type OrderDeps = EngineParts & {
  readonly flags: Flags;
  readonly build: number;
  partition(key: string): Partition | undefined;
  /** Resolves when the flags know everything that is in the log now. */
  followed(): Promise<void>;
  /** Reads the outside for a job that looks before it decides. */
  readonly look: Look;
};

const sliceSize = 1_000;

/** How many actors a careful order has met one at a time: whoever ended the process is in its first slice. */
type Met = { count: number };

type Tally = { settled: number; waiting: number; parked: number };

/** Carries out one order: pages the due index, settles slice after slice, and reports each; ends with a look that finds nothing left. */
export const createOrders = (deps: OrderDeps, signal: AbortSignal) => {
  const active = new Map<string, number>();
  /** Careful meetings take turns over all partitions: who is announced when the process ends is who ended it. */
  let turn: Promise<unknown> = Promise.resolve();

  const report = async (order: Order, tally: Tally, finished: boolean): Promise<boolean> => {
    const command: Command = {
      id: deps.ids.next(),
      to: runStream(order.slot),
      type: 'ReportSlice',
      data: { partition: order.partition, epoch: order.epoch, ...tally, finished },
      asOf: deps.clock.now(),
      correlationId: order.slot,
      ...(order.traceparent === undefined ? {} : { traceparent: order.traceparent }),
    };
    const answer = await deps.commands.send(command, { urgent: true });
    return answer.kind === 'accepted';
  };

  /** What becomes of an item must be recorded, or the run would be over without telling of it: the order ends, and is sent again. */
  const tell = async (order: Order, to: StreamName, type: string, data: Json): Promise<Answer> => {
    const answer = await deps.commands.send(
      { id: deps.ids.next(), to, type, data, asOf: deps.clock.now(), correlationId: order.slot },
      { urgent: true },
    );
    if (answer.kind === 'failed') throw new CarillonError('store-unavailable', `${type} on ${to}: ${answer.message}`);
    return answer;
  };

  const failureOf = (job: AnyJob, about: string, message: string, attempts: number, nextAt: Instant) => ({
    job: job.name,
    about,
    message,
    attempts,
    nextAt,
    build: deps.build,
  });

  const failed = async (order: Order, job: AnyJob, entry: Entry, error: unknown): Promise<void> => {
    const about = entry.row.stream;
    const attempt = (deps.flags.item(job.name, about)?.attempt ?? 0) + 1;
    const message = messageOf(error);
    const nextAt = nextAttemptAt(job.backoff, attempt, deps.clock.now());
    await tell(order, itemStream(job.name, about), 'ReportFailure', failureOf(job, about, message, job.attempts, nextAt));
    deps.observers.note({ kind: attempt >= job.attempts ? 'item-parked' : 'item-failed', job: job.name, about, attempt, message });
  };

  /**
   * Counts a try before it is made: when the actor ends the process, the try stands in its item, and after enough of them it is
   * parked without being met again. False then.
   */
  const announced = async (order: Order, job: AnyJob, about: string): Promise<boolean> => {
    const failure = failureOf(job, about, 'the process ended while it was decided', Math.max(2, job.attempts), deps.clock.now());
    const answer = await tell(order, itemStream(job.name, about), 'ReportFailure', failure);
    return answer.kind === 'accepted' && answer.rule === 'try-again';
  };

  const recovered = (order: Order, job: AnyJob, about: string): Promise<unknown> =>
    tell(order, itemStream(job.name, about), 'ReportRecovery', {});

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

  /** One pass over what is due; tells what it settled and what it had to leave. */
  const pass = async (
    order: Order,
    job: AnyJob,
    done: Set<string>,
    met: Met,
  ): Promise<Tally & { goOn: boolean; nextTry: Instant | null }> => {
    const tally = { settled: 0, waiting: 0, parked: 0, goOn: true, nextTry: null as Instant | null };
    for (let after: DueRow | undefined; ; ) {
      const page = await pageDue(deps.readModels, {
        name: order.key,
        owner: order.partition,
        upTo: order.asOf,
        limit: sliceSize,
        ...(after === undefined ? {} : { after }),
      });
      const now = deps.clock.now();
      const rows = page.filter((row) => {
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
      if (rows.length > 0) {
        tally.settled += await settlePage(order, job, rows, done, met);
        if (!(await report(order, { settled: rows.length, waiting: tally.waiting, parked: tally.parked }, false)))
          return { ...tally, goOn: false };
      }
      after = page.at(-1);
      if (page.length < sliceSize) return { ...tally, goOn: true };
    }
  };

  /** A run whose schedule was paused meanwhile cannot say that it is completed: what is left is due still. */
  const stoppedByPause = async (order: Order): Promise<boolean> => {
    if (order.manual || !deps.flags.stopped(order.key)) return false;
    await deps.commands.send(
      {
        id: deps.ids.next(),
        to: runStream(order.slot),
        type: 'CancelRun',
        data: {},
        asOf: deps.clock.now(),
        correlationId: order.slot,
        by: 'engine',
        reason: 'its schedule was paused or disabled during the run',
      },
      { urgent: true },
    );
    return true;
  };

  const carryOut = async (order: Order, job: AnyJob): Promise<void> => {
    const done = new Set<string>();
    const met: Met = { count: 0 };
    while (!signal.aborted) {
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
