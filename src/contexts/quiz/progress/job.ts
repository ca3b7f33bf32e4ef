import type { Decider } from '../../../core/decider.ts';
import { defineJob } from '../../../core/job.ts';
import { cron } from '../../../core/slots.ts';
import type { ProgressEvent, ProgressState } from './events.ts';
import type { ProgressCommand } from './progress.ts';
import { decidedAt, type StreakSettings } from './streak.ts';

/** Checklist B2: streaks without a quiz for too long are protected or broken, each missed day in turn. */
export const updateStreaks = (progress: Decider<ProgressState, ProgressCommand, ProgressEvent>, settings: StreakSettings) =>
  defineJob({
    name: 'quiz/update-streaks',
    aliases: ['streak-update'],
    title: 'Protect or break the streaks of players who missed a day',
    schedule: cron('0 0 * * *'),
    zone: settings.zone,
    healthyWithinMinutes: 25 * 60,
    actor: progress,
    dueAt: (state) => decidedAt(state, settings),
    command: (_id, asOf) => ({ type: 'DecideStreak', data: {}, asOf }),
  });
