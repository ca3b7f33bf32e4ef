import type { Command } from '../core/command.ts';
import type { StreamName } from '../core/event.ts';
import type { SlotId } from '../core/ids.ts';
import type { Instant } from '../core/instant.ts';
import type { AnyJob, Look } from '../core/job.ts';
import type { Json } from '../core/json.ts';
import { idOf } from '../core/stream.ts';
import type { DueRow } from '../projections/due-queries.ts';
import { fromRow, type SettleOutcome, type Work } from './actor.ts';

/** One partition's part of a run: settle everything of `key` that is due by `asOf`. */
export type Order = {
  readonly slot: SlotId;
  readonly key: string;
  readonly asOf: Instant;
  /** `context.partition`. */
  readonly partition: string;
  readonly epoch: number;
  readonly manual: boolean;
  /** Actors are met one at a time, each announced first: one of them may have ended the process. */
  readonly careful: boolean;
  /** The import that this slot was opened in. */
  readonly imported?: string;
  readonly traceparent?: string;
};

/** One actor of a slice and what became of it. */
export type Entry = { readonly row: DueRow; outcome: SettleOutcome };

const looksAtOnce = 20;

/** What a job sees outside before it decides, for each actor; a look that fails is that actor's failure. */
export const observeAll = async (
  job: AnyJob,
  rows: readonly DueRow[],
  at: Instant,
  look: Look,
): Promise<readonly (Json | undefined | Error)[]> => {
  if (job.observe === undefined) return rows.map(() => undefined);
  const seen: (Json | undefined | Error)[] = [];
  for (let from = 0; from < rows.length; from += looksAtOnce) {
    const part = rows.slice(from, from + looksAtOnce);
    seen.push(
      ...(await Promise.all(
        part.map((row) =>
          job.observe!(idOf(row.stream as StreamName), at, look).catch((error: unknown) =>
            error instanceof Error ? error : new Error(String(error)),
          ),
        ),
      )),
    );
  }
  return seen;
};

/** The work on one actor of a slice: settled for an at-due job, commanded for an at-tick one. Its outcome lands in the entry. */
export const workOn = (order: Order, job: AnyJob, entry: Entry, observed: Json | undefined): Work => {
  const { row } = entry;
  const stream = row.stream as StreamName;
  const origin = {
    correlationId: order.slot,
    ...(order.imported === undefined ? {} : { imported: order.imported }),
    ...(order.traceparent === undefined ? {} : { traceparent: order.traceparent }),
  };
  if (job.takesEffect === 'at-due') {
    const work = {
      kind: 'settle' as const,
      stream,
      row: fromRow(row),
      to: order.asOf,
      origin,
      done: (outcome: SettleOutcome) => {
        entry.outcome = outcome;
      },
    };
    return order.manual ? { ...work, manual: job.name } : work;
  }
  const id = idOf(stream);
  const wish = job.command(id, order.asOf, observed);
  const command: Command = {
    ...wish,
    id: `${order.slot}/${id}`,
    to: stream,
    ...origin,
  };
  return {
    kind: 'command',
    command,
    // No row: its causes must be read, since a slice done twice after a crash may meet an actor that is still due.
    done: (answer) => {
      entry.outcome =
        answer.kind === 'failed'
          ? { kind: 'failed', due: null, error: new Error(answer.message) }
          : { kind: answer.kind === 'accepted' ? 'changed' : 'nothing' };
    },
  };
};
