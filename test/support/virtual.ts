import { createMemoryBroker } from '../../src/adapters/memory/broker.ts';
import { openSqliteEventStore } from '../../src/adapters/sqlite/event-store.ts';
import { openSqliteReadModels } from '../../src/adapters/sqlite/read-models.ts';
import { openSqliteVault } from '../../src/adapters/sqlite/vault.ts';
import { createSystemIds } from '../../src/adapters/system/ids.ts';
import { engineContext } from '../../src/contexts/engine/index.ts';
import type { ScheduleState } from '../../src/contexts/engine/schedule/events.ts';
import { nextPending } from '../../src/contexts/engine/schedule/slots-of.ts';
import { contextDefinitions } from '../../src/contexts/index.ts';
import type { Answer, Command } from '../../src/core/command.ts';
import type { ContextDefinition } from '../../src/core/context.ts';
import type { RecordedEvent } from '../../src/core/event.ts';
import { fromMs, type Instant, toMs } from '../../src/core/instant.ts';
import type { IntakeLine } from '../../src/core/intake.ts';
import { buildRegistry, type Registry } from '../../src/core/registry.ts';
import { allRoles, type Engine, startEngine } from '../../src/engine.ts';
import type { Clock } from '../../src/ports/clock.ts';
import { dueIndexName } from '../../src/projections/due-index.ts';
import { listActors } from '../../src/projections/due-queries.ts';

type Sleeper = { readonly at: Instant; wake(): void };

/** A clock that stands where the test puts it. `sleepUntil` follows it; `sleep` is a short real pause, for loops that look again. */
export const virtualClock = (start: Instant): Clock & { set(at: Instant): void } => {
  let now = start;
  let sleepers: Sleeper[] = [];
  return {
    now: () => now,
    monotonic: () => performance.now(),
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        setTimeout(resolve, Math.min(ms, 2)).unref();
        signal?.addEventListener('abort', () => resolve(), { once: true });
      }),
    sleepUntil: (at, signal) =>
      new Promise((resolve) => {
        if (at <= now || signal?.aborted) return resolve();
        sleepers.push({ at, wake: resolve });
        signal?.addEventListener('abort', () => resolve(), { once: true });
      }),
    set: (at) => {
      now = at;
      const due = sleepers.filter((sleeper) => sleeper.at <= now);
      sleepers = sleepers.filter((sleeper) => sleeper.at > now);
      for (const sleeper of due) sleeper.wake();
    },
  };
};

export const registryOf = (definitions: readonly ContextDefinition[] = contextDefinitions): Registry => {
  const contexts = definitions.map((definition) => definition.build({}));
  return buildRegistry([
    engineContext(new Map(contexts.flatMap((context) => context.effects ?? []).map((effect) => [effect.name, effect]))),
    ...contexts,
  ]);
};

/** The real engine on a clock of the test, its log in memory; it can be stopped and started again on the same log. */
export const virtualWorld = (start: Instant, definitions?: readonly ContextDefinition[]) => {
  const clock = virtualClock(start);
  const registry = registryOf(definitions);
  const store = openSqliteEventStore({ file: ':memory:', clock });
  const readModels = openSqliteReadModels({ file: ':memory:' });
  const notes: string[] = [];
  let engine: Engine | null = null;
  const begin = async (ticker: boolean): Promise<void> => {
    const broker = createMemoryBroker({ clock });
    const observers = {
      note: (note: object) =>
        void ('level' in note && (note.level === 'error' || note.level === 'warn') && notes.push(JSON.stringify(note))),
    };
    engine = await startEngine({
      registry,
      store,
      readModels,
      vault: openSqliteVault({ file: ':memory:' }),
      broker,
      clock,
      ids: createSystemIds(),
      observers,
      build: 1,
      partitions: 8,
      settings: {},
      keepRunsDays: 90,
      roles: { ...allRoles(registry), ticker },
    });
  };
  const stop = async (): Promise<void> => {
    await engine?.stop();
    engine = null;
  };
  /** No slot is open or due, and everything in the log has been taken in. */
  const quiet = async (): Promise<void> => {
    for (let before: string | null = 'none'; ; ) {
      const head = await store.head();
      if (head !== null) await Promise.all([dueIndexName, 'runs'].map((name) => readModels.passed(name, head)));
      const schedules = (await listActors(readModels, 'engine.schedule', { limit: 1_000 })).map((row) => row.state as ScheduleState);
      const busy = schedules.some((state) => state.open !== null || (nextPending(state) ?? '9') <= clock.now());
      if (!busy && head === before) return;
      before = head;
      await clock.sleep(2);
    }
  };
  const send = async (lines: readonly IntakeLine[]): Promise<void> => {
    for (const line of lines) {
      clock.set(line.asOf!);
      await engine!.commands.send({ id: line.id, to: line.to as never, type: line.type, data: line.data, asOf: line.asOf! });
    }
  };
  const ask = (command: Omit<Command, 'asOf' | 'to'> & { readonly to: string }): Promise<Answer> =>
    engine!.commands.send({ ...command, to: command.to as never, asOf: clock.now() });
  const events = async (): Promise<RecordedEvent[]> => {
    const all: RecordedEvent[] = [];
    for await (const page of store.readAll({})) all.push(...page.events);
    return all;
  };
  return {
    clock,
    registry,
    store,
    readModels,
    notes,
    begin,
    stop,
    quiet,
    send,
    ask,
    events,
    hour: (at: Instant): Instant => fromMs((Math.floor(toMs(at) / 3_600_000) + 1) * 3_600_000),
  };
};

export type VirtualWorld = ReturnType<typeof virtualWorld>;
