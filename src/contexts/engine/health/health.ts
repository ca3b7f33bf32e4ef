import type { Wish } from '../../../core/command.ts';
import { accept, defineDecider, ignore } from '../../../core/decider.ts';
import type { Instant } from '../../../core/instant.ts';
import type { Ailment, HealthEvent, HealthState } from './events.ts';

export type HealthCommand = Wish<'ReportHealth', { job: string; ailment: Ailment | null; since: Instant; message: string }>;

/** A job's health over time: one alert per incident, one recovery, also across restarts (mission decision 18). */
export const health = defineDecider<HealthState, HealthCommand, HealthEvent>({
  category: 'engine.health',
  initial: { ailment: null, since: null },
  events: ['AlertRaised', 'AlertCleared'],
  decide: ({ data: { job, ailment, since, message } }, state) => {
    if (ailment === state.ailment) return ignore('no-change');
    const cleared = state.ailment === null ? [] : [{ type: 'AlertCleared' as const, data: { job, ailment: state.ailment } }];
    if (ailment === null) return accept('recovered', cleared);
    return accept(ailment, [...cleared, { type: 'AlertRaised', data: { job, ailment, since, message } }], { since });
  },
  evolve: (_state, event) =>
    event.type === 'AlertRaised' ? { ailment: event.data.ailment, since: event.data.since } : { ailment: null, since: null },
});
