import type { RunState } from '../contexts/engine/run/run.ts';
import { CarillonError } from '../core/errors.ts';
import type { Position, RecordedEvent } from '../core/event.ts';
import { runStream, type SlotId } from '../core/ids.ts';
import { type Instant, plus } from '../core/instant.ts';
import { streamName } from '../core/stream.ts';
import { getRun, listRuns, type RunRow } from '../projections/run-queries.ts';
import { positionAt } from '../projections/time-index.ts';
import { getActor } from './actors.ts';
import { fromCursor, toCursor } from './cursor.ts';
import type { Service } from './service.ts';

/** A slot id as a person writes it, in a path or a body. */
export const slotOf = (text: string): SlotId => {
  if (!/^[^@]+@[^@]+$/.test(text))
    throw new CarillonError(
      'bad-request',
      `"${text.slice(0, 60)}" is not a slot; write for example giving/release-escrows@2026-11-23T14:00Z`,
    );
  streamName(runStream(text as SlotId));
  return text as SlotId;
};

export const runOf = async ({ readModels }: Service, slot: SlotId): Promise<RunRow> => {
  const run = await getRun(readModels, slot);
  if (run === null) throw new CarillonError('not-found', `There is no run of slot "${slot}"`);
  return run;
};

export type RunQuery = { readonly job?: string; readonly verdict?: string; readonly limit?: number; readonly cursor?: string };

/** A page of runs, newest first. */
export const pageOfRuns = async (service: Service, query: RunQuery): Promise<{ rows: readonly RunRow[]; next: string | null }> => {
  const { verdict, limit = 50 } = query;
  const place = fromCursor(query.cursor);
  const rows = await listRuns(service.readModels, {
    limit: limit + 1,
    ...(query.job === undefined ? {} : { job: service.registry.find(query.job).name }),
    ...(verdict === undefined ? {} : { verdict }),
    ...(place === undefined ? {} : { before: { openedAt: String(place.openedAt), slot: String(place.slot) } }),
  });
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { rows: page, next: rows.length > limit && last ? toCursor({ openedAt: last.openedAt, slot: last.slot }) : null };
};

/** How far the run itself is; null while it is being planned, and when nothing was due. */
export const progressOf = async (service: Service, slot: SlotId): Promise<RunState | null> => {
  const actor = await getActor(service, streamName(runStream(slot)));
  return actor === null ? null : (actor.state as unknown as RunState);
};

const minuteMs = 60_000;
const maxScanned = 20_000;

/** What a run appended, in log order: found between its opening and its closing, a bounded stretch for each call. */
export const eventsOfRun = async (
  service: Service,
  run: RunRow,
  from: Position | null,
  limit: number,
): Promise<{ events: RecordedEvent[]; upTo: Position | null; more: boolean }> => {
  const end: Instant = run.closedAt === null ? service.clock.now() : plus(run.closedAt, minuteMs);
  const after = from ?? (await positionAt(service.readModels, plus(run.openedAt, -minuteMs)));
  const upTo = (await positionAt(service.readModels, end)) ?? after;
  if (upTo === null || (after !== null && after >= upTo)) return { events: [], upTo: after, more: false };
  const events: RecordedEvent[] = [];
  let seen = after;
  let scanned = 0;
  for await (const page of service.store.readAll({ after, upTo })) {
    for (const event of page.events) {
      if (event.metadata.correlationId !== run.slot) continue;
      events.push(event);
      if (events.length === limit) return { events, upTo: event.position, more: true };
    }
    seen = page.upTo;
    scanned += page.events.length;
    if (scanned >= maxScanned && seen < upTo) return { events, upTo: seen, more: true };
  }
  return { events, upTo: seen, more: false };
};
