import { CarillonError, messageOf } from '../core/errors.ts';
import { jobOfKey, scheduleStream } from '../core/ids.ts';
import { canonical, type Json } from '../core/json.ts';
import { hash32 } from '../core/partition.ts';
import type { Projection } from '../core/projection.ts';
import type { Registry } from '../core/registry.ts';
import type { Clock, Ids } from '../ports/clock.ts';
import type { Cluster, Leadership } from '../ports/cluster.ts';
import type { Commands } from '../ports/commands.ts';
import type { EventStore } from '../ports/event-store.ts';
import type { Observers } from '../ports/observers.ts';
import type { ReadModels } from '../ports/read-models.ts';
import { dueIndexName } from '../projections/due-index.ts';
import { type Progress, rebuild, verify } from '../projections/rebuild.ts';
import { recomputeDues, recomputedElsewhere, type Wave } from '../projections/recompute.ts';
import { startTail, type Tail } from '../projections/tail.ts';

export type ModelDeps = {
  readonly registry: Registry;
  readonly store: EventStore;
  readonly readModels: ReadModels;
  readonly clock: Clock;
  readonly observers: Observers;
  readonly cluster: Cluster;
  readonly build: number;
  readonly settings: Json;
  readonly projections: readonly Projection[];
  readonly commands: Commands;
  readonly ids: Ids;
  /** True in a process with the role `projections`: it writes the read models whenever it leads. */
  readonly keeps: boolean;
};

export type Models = {
  /** The stored due instants are those of this build and its settings. */
  readonly recomputed: Promise<void>;
  rebuild(name: string, progress?: Progress): Promise<{ readonly events: number; readonly hash: string }>;
  verify(name: string, progress?: Progress): Promise<{ readonly equal: boolean; readonly live: string; readonly rebuilt: string }>;
  stop(): Promise<void>;
};

const againMs = 1_000;

/** Tells apart the builds, settings and jobs that due instants were computed with. */
const fingerprintOf = ({ build, settings, registry }: ModelDeps): string =>
  String(hash32(canonical([build, settings, [...registry.dues.values()].flat().map((due) => due.name)])));

const lost = (lead: Leadership, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    for (const each of [lead.lost, signal]) {
      if (each.aborted) resolve();
      each.addEventListener('abort', () => resolve(), { once: true });
    }
  });

/** The read models of this process: written here while it leads, read here in any case. */
export const startModels = async (deps: ModelDeps): Promise<Models> => {
  const { registry, store, readModels, observers, clock, cluster, projections } = deps;
  const stopping = new AbortController();
  const { signal } = stopping;
  const log = (level: 'warn' | 'error', message: string, facts: Record<string, string>): void =>
    observers.note({ kind: 'log', level, scope: 'projections', message, facts });
  let tail: Tail | null = null;
  const recomputed = Promise.withResolvers<void>();
  const led = Promise.withResolvers<void>();

  const begin = (): Promise<Tail> =>
    startTail(deps, projections, (projection, event, error) =>
      log('error', `${projection} left out an event: ${messageOf(error)}`, { position: event.position, type: event.type }),
    );
  const parts = (): {
    readonly tail: Tail;
    readonly store: EventStore;
    readonly readModels: ReadModels;
    readonly projections: readonly Projection[];
  } => {
    if (tail === null) throw new CarillonError('projections-elsewhere', 'Another process writes the read models');
    return { store, readModels, projections, tail };
  };
  const again: Models['rebuild'] = async (name, progress) => rebuild(parts(), name, progress, signal);

  /** Pauses a schedule that would come over a large part of its category: a person looks first, and resumes it. */
  const hold = async ({ key, newlyDue, population }: Wave): Promise<void> => {
    const reason = `held: this build or its settings make ${newlyDue} of ${population} actors due that were not; see "carillon simulate ${key}", then resume it`;
    const command = { to: scheduleStream(key), type: 'PauseSchedule', data: { until: null }, by: 'engine', reason };
    while (!signal.aborted) {
      const answer = await deps.commands.send({ ...command, id: deps.ids.next(), asOf: clock.now() });
      if (answer.kind === 'failed') throw new CarillonError('store-unavailable', answer.message);
      // A job that is new has no schedule yet: the ticker defines it at its start.
      const missing =
        answer.kind === 'rejected' && answer.rule === 'schedule-unknown' && registry.jobs.get(jobOfKey(key))?.scopeOf === undefined;
      if (!missing) return log('warn', `${key} is ${reason}`, { schedule: key });
      await clock.sleep(againMs, signal);
    }
  };

  /** In the background: commands are answered meanwhile; what plans by due instants waits for it. */
  const recompute = async (until: AbortSignal): Promise<void> => {
    const onBadActor = (stream: string, error: unknown): void => log('error', `dueAt threw: ${messageOf(error)}`, { stream });
    while (!until.aborted) {
      try {
        await recomputeDues(
          { ...parts(), clock, hold, registry, onBadActor, signal: until, rebuild: () => again(dueIndexName) },
          fingerprintOf(deps),
        );
        return recomputed.resolve();
      } catch (error) {
        if (until.aborted) return;
        log('warn', `due instants: ${messageOf(error)}`, {});
        await clock.sleep(againMs, until);
      }
    }
  };

  const keep = async (): Promise<void> => {
    while (!signal.aborted) {
      const lead = await cluster.lead('projections', signal);
      if (lead === null) return;
      try {
        tail = await begin();
        led.resolve();
        const until = AbortSignal.any([signal, lead.lost]);
        await Promise.all([recompute(until), lost(lead, signal)]);
      } catch (error) {
        // Alone, a start that fails is the start of the whole process: it is told.
        if (!cluster.shared) return led.reject(error);
        log('warn', messageOf(error), {});
        await clock.sleep(againMs, signal);
      } finally {
        await tail?.stop();
        tail = null;
        await lead.release();
      }
    }
  };

  const keeping = deps.keeps ? keep() : Promise.resolve();
  if (cluster.shared) {
    for (const projection of projections) await readModels.open(projection, 'live');
    void recomputedElsewhere(deps, fingerprintOf(deps), signal).then((so) => {
      if (!so && !signal.aborted) log('warn', 'the read models are written by a process of another build or other settings', {});
      recomputed.resolve();
    });
  } else await led.promise;

  return {
    recomputed: recomputed.promise,
    rebuild: again,
    verify: async (name, progress) => verify(parts(), name, progress, signal),
    stop: async () => {
      stopping.abort();
      recomputed.resolve();
      await keeping;
    },
  };
};
