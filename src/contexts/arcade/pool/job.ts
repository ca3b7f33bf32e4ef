import type { Decider } from '../../../core/decider.ts';
import { defineJob } from '../../../core/job.ts';
import { cron } from '../../../core/slots.ts';
import type { PoolEvent, PoolState } from './events.ts';
import type { PoolCommand } from './pool.ts';

/**
 * Checklist A1: at the end of its day or ISO week each pool gets its winner. Decided from "ended and not finalised",
 * so Mondays need no rule of their own. The grace is for scores that are on their way (decision 21).
 */
export const finalizePools = (pool: Decider<PoolState, PoolCommand, PoolEvent>, zone: string) =>
  defineJob({
    name: 'arcade/finalize-pools',
    aliases: ['prizepool'],
    title: 'Finalise the prize pools of ended days and weeks',
    schedule: cron('0 0 * * *'),
    zone,
    grace: '2s',
    healthyWithinMinutes: 25 * 60,
    actor: pool,
    dueAt: (state) => (state.status === 'open' ? state.endsAt : null),
    command: (_id, asOf) => ({ type: 'FinalizePool', data: {}, asOf }),
  });
