import type { FastifyRequest } from 'fastify';
import { CarillonError } from '../core/errors.ts';
import { scheduleKey } from '../core/ids.ts';
import { instant } from '../core/instant.ts';
import { simulate } from '../simulation/simulate.ts';
import { checkPastSlot, findSchedule, type Opened, openManual, openPast } from './schedules.ts';
import type { Service } from './service.ts';

/** What a trigger may say; nothing of it reaches a decision but the instant. */
export type TriggerBody = { readonly reason?: string; readonly at?: string; readonly dryRun?: boolean; readonly scope?: string };

/** What a job would do at an instant: the same decisions, nothing appended. */
export const simulateJob = async (service: Service, name: string, at: string | undefined, scope: string | undefined) => {
  const item = service.registry.find(name);
  if (!service.registry.jobs.has(item.name))
    throw new CarillonError('bad-request', `${item.name} is a plain task; what it would do cannot be told without doing it`);
  const asOf = at === undefined ? service.clock.now() : instant(at);
  return simulate(service, item.name, asOf, scope === undefined ? {} : { scope });
};

/** Opens a slot of a job now, or a past one once more. Throws `job-unknown`, `already-running`, `slot-unaligned`, `slot-future`. */
export const trigger = async (service: Service, request: FastifyRequest, name: string, body: TriggerBody): Promise<Opened> => {
  const item = service.registry.find(name);
  const key = scheduleKey(item.name, body.scope);
  if (body.at === undefined) return openManual(service, request, key, body.reason);
  const at = instant(body.at);
  const { state } = await findSchedule(service, key);
  checkPastSlot(state, at, service.clock.now());
  return openPast(service, request, key, state, at, body.reason);
};
