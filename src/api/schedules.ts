import type { FastifyRequest } from 'fastify';
import type { ScheduleState } from '../contexts/engine/schedule/events.ts';
import { nextPending } from '../contexts/engine/schedule/slots-of.ts';
import { CarillonError } from '../core/errors.ts';
import { manualSlotId, runStream, type SlotId, scheduleStream, slotId } from '../core/ids.ts';
import type { Duration, Instant } from '../core/instant.ts';
import { cron, every, isSlot, type Timetable } from '../core/slots.ts';
import { streamName } from '../core/stream.ts';
import { getRun } from '../projections/run-queries.ts';
import { type Actor, getActor } from './actors.ts';
import { type Order, send } from './order.ts';
import { ProblemError } from './problem.ts';
import type { Service } from './service.ts';

/** A schedule's key as a person writes it: the key itself, or a job's alias or short name. Throws `not-found`. */
export const findSchedule = async (service: Service, text: string): Promise<{ key: string; row: Actor; state: ScheduleState }> => {
  const key = text.includes('/') ? text : service.registry.find(text).name;
  const row = await getActor(service, streamName(scheduleStream(key)));
  if (row === null) throw new CarillonError('not-found', `There is no schedule "${key.slice(0, 100)}"`);
  return { key, row, state: row.state as unknown as ScheduleState };
};

/** `0 * * * *`, or `every 90s`. */
export const timetableText = (timetable: Timetable): string =>
  timetable.kind === 'cron' ? timetable.expression : `every ${timetable.every}`;

/** The timetable of such a text. */
export const timetableOf = (text: string): Timetable => {
  const interval = /^every (\S+)$/.exec(text.trim());
  return interval === null ? cron(text.trim()) : every(interval[1] as Duration);
};

/** The next slot without a verdict, as things stand; null for one that opens none. */
export const nextOf = (state: ScheduleState): Instant | null => (state.definition?.enabled === true ? nextPending(state) : null);

/** What opened: the slot, and where its run can be read. */
export type Opened = { readonly slot: SlotId; readonly run: string };

export const runPath = (slot: SlotId): string => `/api/v1/runs/${encodeURIComponent(slot)}`;

const open = async (
  service: Service,
  request: FastifyRequest,
  key: string,
  data: { slot: SlotId; at: Instant; cause: 'manual' | 'backfill' },
  order: Partial<Order>,
): Promise<Opened> => {
  await send(service, request, { ...order, to: streamName(scheduleStream(key)), type: 'OpenSlot', data });
  return { slot: data.slot, run: runPath(data.slot) };
};

/** Opens a slot now. Resolves when the opening is durable. */
export const openManual = (service: Service, request: FastifyRequest, key: string, reason: string | undefined): Promise<Opened> => {
  const id = service.ids.next();
  streamName(runStream(manualSlotId(key, id)));
  return open(service, request, key, { slot: manualSlotId(key, id), at: service.clock.now(), cause: 'manual' }, { id, reason });
};

/** Throws `slot-future` or `slot-unaligned` for an instant that is no past slot of the schedule. */
export const checkPastSlot = (state: ScheduleState, at: Instant, now: Instant): void => {
  if (at > now) throw new CarillonError('slot-future', `${at} is in the future; it can only be simulated`);
  const { definition } = state;
  if (at in state.unfinished || definition === null) return;
  if (!isSlot(definition.schedule, definition.zone, at))
    throw new CarillonError('slot-unaligned', `${at} is no slot of "${timetableText(definition.schedule)}" in ${definition.zone}`);
};

/** True when a run of this slot completed: a skipped slot that was backfilled is done, though its schedule lists it as skipped. */
export const isDone = async (service: Service, slot: SlotId): Promise<boolean> =>
  (await getRun(service.readModels, slot))?.verdict === 'completed';

/** Opens a past slot once more. */
export const openPast = async (
  service: Service,
  request: FastifyRequest,
  key: string,
  state: ScheduleState,
  at: Instant,
  reason: string | undefined,
): Promise<Opened> => {
  checkPastSlot(state, at, service.clock.now());
  const slot = slotId(key, at, (state.unfinished[at] ?? 0) + 1);
  if (await isDone(service, slot))
    throw new ProblemError('rejected', 'Refused by rule not-open-for-backfill', {
      rule: 'not-open-for-backfill',
      facts: { at, done: slot },
    });
  return open(service, request, key, { slot, at, cause: 'backfill' }, { reason });
};
