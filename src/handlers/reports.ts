import { nextAttemptAt } from '../core/backoff.ts';
import type { Answer, Command } from '../core/command.ts';
import { CarillonError, messageOf } from '../core/errors.ts';
import type { StreamName } from '../core/event.ts';
import { itemStream, runStream } from '../core/ids.ts';
import type { Instant } from '../core/instant.ts';
import type { AnyJob } from '../core/job.ts';
import type { Json } from '../core/json.ts';
import type { OrderDeps } from './orders.ts';
import type { Entry, Order } from './slice.ts';

/** What a pass over a partition came to. */
export type Tally = { settled: number; waiting: number; parked: number };

/** What an order tells the run and the items of its actors. */
export const createReports = (deps: OrderDeps) => {
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

  return { report, failed, announced, recovered, stoppedByPause };
};
