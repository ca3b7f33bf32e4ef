import { jobOfKey } from '../core/ids.ts';
import { toMs } from '../core/instant.ts';
import type { Clock } from '../ports/clock.ts';
import type { Note } from '../ports/observers.ts';
import type { Metrics } from './metrics.ts';

/** Turns notes into metrics. Labels are names of jobs, effects and projections only, never ids. */
export const createNoteMetrics =
  ({ add }: Metrics, clock: Clock): ((note: Note) => void) =>
  (note) => {
    switch (note.kind) {
      case 'slot-opened':
        return add('delay', note.delayMs / 1_000, { job: jobOfKey(note.job) });
      case 'slot-closed': {
        const job = jobOfKey(note.job);
        add('runs', 1, { job, trigger: note.cause, outcome: note.verdict });
        add('runDuration', note.durationMs / 1_000, { job });
        if (note.counts.changed) add('changed', note.counts.changed, { job });
        if (note.verdict === 'completed') add('lastSuccess', toMs(clock.now()) / 1_000, { job });
        return;
      }
      case 'slice-done':
        add('entities', note.actors, { job: note.job });
        return add('sliceDuration', note.durationMs / 1_000, { job: note.job });
      case 'item-failed':
        return add('failures', 1, { job: note.job });
      case 'item-parked':
        return add('parked', 1, { job: note.job });
      case 'effect':
        return add('effects', 1, { effect: note.effect.split('/', 2).join('/'), outcome: note.outcome });
      case 'projected':
        if (note.events === 0) return;
        add('projected', note.events, { projection: note.projection });
        return add('projectDuration', note.durationMs / 1_000, { projection: note.projection });
      case 'alert':
        if (note.open) add('alerts', 1, { job: note.job, alert: note.alert });
        return add('alertsOpen', note.open ? 1 : 0, { job: note.job });
      case 'log':
      case 'decided':
        return;
    }
  };
