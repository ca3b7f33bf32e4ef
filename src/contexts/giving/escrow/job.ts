import type { Decider } from '../../../core/decider.ts';
import { justAfter } from '../../../core/instant.ts';
import { defineJob } from '../../../core/job.ts';
import { cron } from '../../../core/slots.ts';
import type { EscrowCommand } from './escrow.ts';
import type { EscrowEvent, EscrowState } from './events.ts';

/** Checklist C1: released when `holdUntil < tick`, strictly (decision 10). */
export const releaseEscrows = (escrow: Decider<EscrowState, EscrowCommand, EscrowEvent>) =>
  defineJob({
    name: 'giving/release-escrows',
    aliases: ['escrow-release'],
    title: 'Release escrows whose hold has ended',
    schedule: cron('0 * * * *'),
    healthyWithinMinutes: 65,
    actor: escrow,
    dueAt: (state) => (state.status === 'holding' ? justAfter(state.holdUntil) : null),
    command: (_id, asOf) => ({ type: 'ReleaseEscrow', data: {}, asOf }),
  });
