import type { FastifyRequest } from 'fastify';
import type { ScheduleState } from '../contexts/engine/schedule/events.ts';
import { CarillonError, isCarillonError, messageOf } from '../core/errors.ts';
import { type SlotId, slotId } from '../core/ids.ts';
import { type Instant, plus } from '../core/instant.ts';
import { nextSlot } from '../core/slots.ts';
import type { App } from './app.ts';
import { findSchedule, isDone, openPast } from './schedules.ts';
import type { Service } from './service.ts';

/** One slot that a backfill would open, and why it is open for it. */
export type Planned = { readonly slot: SlotId; readonly at: Instant; readonly was: 'unfinished' | 'skipped' };

const maxSlots = 1_000;
const lookAgainMs = 250;

const candidates = (key: string, state: ScheduleState, from: Instant, to: Instant): Planned[] => {
  const plan = new Map<Instant, Planned>();
  for (const [at, times] of Object.entries(state.unfinished) as [Instant, number][]) {
    if (at >= from && at <= to) plan.set(at, { slot: slotId(key, at, times + 1), at, was: 'unfinished' });
  }
  const { definition } = state;
  for (const stretch of definition === null ? [] : state.skipped) {
    const end = stretch.to < to ? stretch.to : to;
    let after = plus(stretch.from > from ? stretch.from : from, -1);
    for (;;) {
      const at = definition === null ? null : nextSlot(definition.schedule, definition.zone, after);
      if (at === null || at > end) break;
      if (!plan.has(at)) plan.set(at, { slot: slotId(key, at, 1), at, was: 'skipped' });
      if (plan.size > maxSlots)
        throw new CarillonError('slots-too-many', `More than ${maxSlots} slots are open for backfill in this range`);
      after = at;
    }
  }
  return [...plan.values()].sort((a, b) => (a.at < b.at ? -1 : 1));
};

/** The slots of [from, to] that did not complete, oldest first. Throws `slots-too-many`. */
export const planBackfill = async (service: Service, key: string, state: ScheduleState, from: Instant, to: Instant): Promise<Planned[]> => {
  const plan = candidates(key, state, from, to);
  const done = await Promise.all(plan.map(({ slot, was }) => was === 'skipped' && isDone(service, slot)));
  return plan.filter((_, index) => done[index] !== true);
};

/** Opens the slots of a plan one after the other, each when the one before has its verdict. */
export type Backfills = { start(request: FastifyRequest, key: string, plan: readonly Planned[], reason: string): Promise<void> };

/** A plan lives in this process: after a restart it is asked for again, and holds what is still open. */
export const createBackfills = (app: App, service: Service): Backfills => {
  const running = new Set<string>();
  const stopping = new AbortController();
  app.addHook('preClose', async () => stopping.abort());

  const openNext = async (request: FastifyRequest, key: string, at: Instant, reason: string): Promise<void> => {
    const { state } = await findSchedule(service, key);
    await openPast(service, request, key, state, at, reason);
  };

  const openWhenFree = async (request: FastifyRequest, key: string, at: Instant, reason: string): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        return await openNext(request, key, at, reason);
      } catch (error) {
        if (!isCarillonError(error, 'already-running')) throw error;
      }
      await service.clock.sleep(lookAgainMs, stopping.signal);
    }
  };

  const walk = async (request: FastifyRequest, key: string, rest: readonly Planned[], reason: string): Promise<void> => {
    try {
      for (const { at } of rest) await openWhenFree(request, key, at, reason);
    } catch (error) {
      service.observers.note({ kind: 'log', level: 'error', scope: 'api', message: `backfill of ${key} stopped: ${messageOf(error)}` });
    } finally {
      running.delete(key);
    }
  };

  return {
    start: async (request, key, plan, reason) => {
      const [first, ...rest] = plan;
      if (first === undefined) return;
      if (running.has(key)) throw new CarillonError('already-running', `A backfill of ${key} is running`);
      running.add(key);
      try {
        await openNext(request, key, first.at, reason);
      } catch (error) {
        running.delete(key);
        throw error;
      }
      void walk(request, key, rest, reason);
    },
  };
};
