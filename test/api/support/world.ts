import { createMemoryEventStore } from '../../../src/adapters/memory/event-store.ts';
import { openSqliteReadModels } from '../../../src/adapters/sqlite/read-models.ts';
import { openSqliteVault } from '../../../src/adapters/sqlite/vault.ts';
import { createSystemClock } from '../../../src/adapters/system/clock.ts';
import { createSystemIds } from '../../../src/adapters/system/ids.ts';
import type { ImportProgress, IntakeLine, Service } from '../../../src/api/service.ts';
import { newToken } from '../../../src/api/token-text.ts';
import { engineContext } from '../../../src/contexts/engine/index.ts';
import type { Role } from '../../../src/contexts/engine/token/events.ts';
import { contextDefinitions } from '../../../src/contexts/index.ts';
import type { Answer, Command } from '../../../src/core/command.ts';
import type { Position, StreamName } from '../../../src/core/event.ts';
import type { SlotId } from '../../../src/core/ids.ts';
import { scheduleKey, scheduleStream } from '../../../src/core/ids.ts';
import { type Instant, instant } from '../../../src/core/instant.ts';
import type { Json } from '../../../src/core/json.ts';
import { buildRegistry } from '../../../src/core/registry.ts';
import { doWork } from '../../../src/handlers/actor.ts';
import { createActorCache } from '../../../src/handlers/cache.ts';
import { type AppendedHook, createFlags } from '../../../src/handlers/flags.ts';
import { createLook } from '../../../src/handlers/look.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import type { Note } from '../../../src/ports/observers.ts';
import { dueIndex } from '../../../src/projections/due-index.ts';
import { parked } from '../../../src/projections/parked.ts';
import { project } from '../../../src/projections/projector.ts';
import { runs } from '../../../src/projections/runs.ts';
import { timeIndex } from '../../../src/projections/time-index.ts';

const partitions = 4;

const fakeClock = (): Clock & { set(at: string): void } => {
  const system = createSystemClock();
  let fixed: Instant = instant('2026-11-24T00:30:00.000Z');
  return {
    ...system,
    now: () => fixed,
    set: (at) => {
      fixed = instant(at);
    },
  };
};

const definition = (name: string, schedule: object, zone: string): Json => ({
  job: name,
  scope: '',
  schedule: schedule as Json,
  zone,
  enabled: true,
  catchUp: 'latest',
  overlap: 'skip',
  build: 1,
});

/** A service in memory: real actors, deciders and projections; no ticker, no runs of their own. Commands are done at once. */
export const createWorld = async () => {
  const clock = fakeClock();
  const ids = createSystemIds();
  const store = createMemoryEventStore({ clock });
  const readModels = openSqliteReadModels({ file: ':memory:' });
  const built = contextDefinitions.map((context) => context.build({}));
  const effects = new Map(built.flatMap((context) => context.effects ?? []).map((effect) => [effect.name, effect] as const));
  const registry = buildRegistry([engineContext(effects), ...built]);
  const projections = [dueIndex(registry, partitions), runs, parked, timeIndex, ...registry.projections];
  const notes: Note[] = [];
  const sent: Command[] = [];
  const flags = createFlags(1);
  let failing: unknown = null;
  let upTo: Position | null = null;

  for (const projection of projections) await readModels.open(projection, 'live');

  const catchUp = async (): Promise<void> => {
    for await (const page of store.readAll({ after: upTo })) {
      for (const projection of projections) await project(readModels, projection, page, upTo);
      upTo = page.upTo;
    }
  };

  const deps = {
    registry,
    flags,
    nextId: () => ids.next(),
    store,
    cache: createActorCache(),
    appended: ((stream, events, state) => flags.learn(stream, state, events.at(-1)!.revision)) satisfies AppendedHook,
  };

  const erase = async (stream: StreamName): Promise<Answer> => {
    await store.erase(stream);
    deps.cache.clear();
    const position = (await store.head()) ?? ('' as Position);
    return { kind: 'accepted', stream, rule: 'erased', revision: 0, position, events: ['StreamErased'] };
  };

  const one = (command: Command): Promise<Answer> =>
    command.type === 'EraseStream' ? erase(command.to) : new Promise((done) => void doWork(deps, [{ kind: 'command', command, done }]));

  const sendMany = async (commands: readonly Command[]): Promise<Answer[]> => {
    if (failing !== null) throw failing;
    const answers: Answer[] = [];
    for (const command of commands) {
      sent.push(command);
      answers.push(await one(command));
    }
    await catchUp();
    return answers;
  };

  const tell = async (to: string, type: string, data: Json, more: Partial<Command> = {}): Promise<Answer> => {
    const [answer] = await sendMany([{ id: ids.next(), to: to as StreamName, type, data, asOf: clock.now(), ...more }]);
    return answer!;
  };

  const imports = new Map<string, ImportProgress & { lines: number; by: string }>();
  const service: Service = {
    registry,
    partitions,
    store,
    readModels,
    clock,
    ids,
    commands: { send: async (command) => (await sendMany([command]))[0]!, sendMany },
    secrets: { token: () => `${ids.next().replaceAll('-', '')}0123456789A` },
    observers: { note: (note) => void notes.push(note) },
    vault: openSqliteVault({ file: ':memory:' }),
    version: '0.1.0',
    config: { values: { port: 7070, token: '***' }, sources: { port: 'default' } },
    look: createLook({ registry, store, readModels }, new AbortController().signal),
    readiness: async () => [{ name: 'store', ok: failing === null, detail: failing === null ? 'answers' : 'is gone' }],
    projections: {
      list: async () => projections.map(({ name, version }) => ({ name, version, checkpoint: upTo, lag: 0 })),
      rebuild: async (_name, progress) => {
        progress?.(1, 1);
        return { events: 1, hash: 'abc' };
      },
      verify: async () => ({ equal: true, live: 'abc', rebuilt: 'abc' }),
    },
    imports: {
      start: async (name, lines: readonly IntakeLine[], by) => {
        const progress = { id: name, status: 'running' as const, lines: lines.length, done: 0, cursor: null, held: 0, by };
        imports.set(name, progress);
        return progress;
      },
      progress: async (id) => imports.get(id) ?? null,
    },
    metrics: async () => '# HELP carillon_up 1\ncarillon_up 1\n',
    compact: async () => ({ bytesBefore: 10, bytesAfter: 5 }),
    backup: async (folder) => ({ files: [`${folder}/events.db`], position: upTo }),
  };

  const mint = async (role: Role, expiresAt: Instant | null = null): Promise<string> => {
    const { id, text, sha256 } = newToken(service.secrets, ids.next());
    await tell(`engine.token-${id}`, 'CreateToken', { name: `the-${role}`, role, sha256, expiresAt });
    return text;
  };

  const defineAll = async (activeFrom = '2026-11-24T00:00:00.000Z'): Promise<void> => {
    for (const item of registry.scheduled.values()) {
      await tell(scheduleStream(scheduleKey(item.name)), 'DefineSchedule', {
        definition: definition(item.name, item.schedule, item.zone),
        activeFrom,
      });
    }
  };

  const close = (key: string, slot: string, verdict = 'completed', message: string | null = null, durationMs = 1200): Promise<Answer> =>
    tell(
      scheduleStream(key),
      'CloseSlot',
      { slot, verdict, counts: { due: 1, changed: 1, parked: 0, events: {} }, durationMs, message },
      { correlationId: slot as SlotId },
    );

  return {
    service,
    clock,
    store,
    notes,
    sent,
    tell,
    mint,
    defineAll,
    close,
    fail: (error: unknown): void => {
      failing = error;
    },
    catchUp,
  };
};

export type World = Awaited<ReturnType<typeof createWorld>>;
