import { onTestFinished } from 'vitest';
import { createMemoryEventStore } from '../../src/adapters/memory/event-store.ts';
import { openSqliteReadModels } from '../../src/adapters/sqlite/read-models.ts';
import type { Metadata, Position, RecordedEvent, StreamName } from '../../src/core/event.ts';
import { type Instant, instant } from '../../src/core/instant.ts';
import type { Json } from '../../src/core/json.ts';
import { defineProjection, type Projection, type Row } from '../../src/core/projection.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { EventStore } from '../../src/ports/event-store.ts';
import type { Note } from '../../src/ports/observers.ts';
import type { Commit, ReadModels } from '../../src/ports/read-models.ts';
import { type BadEvent, project } from '../../src/projections/projector.ts';
import { startTail, type Tail } from '../../src/projections/tail.ts';

export const positionOf = (place: number): Position => String(place).padStart(16, '0') as Position;

export const noon = instant('2026-11-24T12:00:00.000Z');

export type Fact = {
  readonly stream: string;
  readonly type: string;
  readonly data?: Json;
  readonly recordedAt?: Instant;
  readonly metadata?: Partial<Metadata>;
  /** The next one of its stream when absent. */
  readonly revision?: number;
};

/** A projection on read models in memory, fed with facts as if a store had recorded them. */
export const openProjection = async (projection: Projection) => {
  const readModels: ReadModels = openSqliteReadModels({ file: ':memory:' });
  onTestFinished(() => readModels.close());
  await readModels.open(projection, 'live');
  const revisions = new Map<string, number>();
  const bad: { readonly event: RecordedEvent; readonly error: unknown }[] = [];
  let head = 0;
  const onBadEvent: BadEvent = (_name, event, error) => void bad.push({ event, error });

  const record = ({ stream, type, data = {}, recordedAt = noon, metadata = {}, ...fact }: Fact): RecordedEvent => {
    const revision = fact.revision ?? revisions.get(stream) ?? 0;
    revisions.set(stream, revision + 1);
    head += 1;
    const position = positionOf(head);
    const plain: Metadata = { correlationId: 'c', causationId: 'k', asOf: recordedAt, rule: 'test', schema: '1' };
    return {
      id: `e-${head}`,
      type,
      data,
      stream: stream as StreamName,
      revision,
      position,
      recordedAt,
      metadata: { ...plain, ...metadata },
    };
  };

  return {
    readModels,
    bad,
    /** Applies facts in one page. */
    feed: async (...facts: readonly Fact[]): Promise<void> => {
      const previous = head === 0 ? null : positionOf(head);
      const events = facts.map(record);
      if (events.length > 0) await project(readModels, projection, { events, upTo: positionOf(head) }, previous, { onBadEvent });
    },
    /** All rows of a table, in key order. */
    rows: (table: string): Promise<readonly Row[]> => readModels.list(table, { limit: 1_000 }),
  };
};

/** A clock whose waits take one turn, however long they are; `waits` tells them. */
export const hastyClock = (): Clock & { readonly waits: number[] } => {
  const waits: number[] = [];
  let ms = 0;
  const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
  return {
    waits,
    now: () => noon,
    monotonic: () => ++ms,
    sleep: (wait) => {
      waits.push(wait);
      return turn();
    },
    sleepUntil: turn,
  };
};

/** A log and read models in memory, with what the tail needs. */
export const openLog = () => {
  const clock = hastyClock();
  const store: EventStore = createMemoryEventStore({ clock });
  const readModels: ReadModels = openSqliteReadModels({ file: ':memory:' });
  onTestFinished(() => readModels.close());
  const notes: Note[] = [];
  const revisions = new Map<string, number>();
  let made = 0;
  return {
    clock,
    store,
    readModels,
    notes,
    observers: { note: (note: Note) => void notes.push(note) },
    warnings: (): string[] => notes.flatMap((note) => (note.kind === 'log' ? [note.message] : [])),
    /** Appends an event of this type and data to a stream. */
    say: async (stream: string, data: Json = {}, type = 'Said'): Promise<void> => {
      const revision = revisions.get(stream);
      made += 1;
      const metadata: Metadata = { correlationId: 'c', causationId: 'k', asOf: noon, rule: 'test', schema: '1' };
      const events = [{ id: `e-${made}`, type, data, metadata }];
      const result = await store.append({ stream: stream as StreamName, events, expected: revision ?? 'no-stream' });
      if (!result.ok) throw new Error(`append to ${stream}: ${String(result.actual)}`);
      revisions.set(stream, result.revision);
    },
    head: async (): Promise<Position> => (await store.head())!,
  };
};

/** Counts the events of each stream: an event that is left out or taken twice shows. */
export const counter = (name: string): Projection =>
  defineProjection({
    name,
    version: 1,
    tables: [{ name: `${name}_counts`, columns: { stream: 'text', times: 'integer', last: 'json' }, key: ['stream'] }],
    reads: (event) => [{ table: `${name}_counts`, key: [event.stream] }],
    apply: (event, rows) => {
      const before = rows.get(`${name}_counts`, [event.stream]);
      if (event.type === 'StreamErased') return rows.remove(`${name}_counts`, [event.stream]);
      if (event.type === 'Boom') throw new Error('boom');
      rows.put(`${name}_counts`, { stream: event.stream, times: Number(before?.times ?? 0) + 1, last: event.data });
    },
  });

export const countsOf = async (readModels: ReadModels, name: string): Promise<string[]> =>
  (await readModels.list(`${name}_counts`, { limit: 1_000 })).map((row) => `${row.stream} ${row.times}`);

/** A gate that work waits at. */
export const gate = () => {
  let open = (): void => undefined;
  let arrive = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  const arrived = new Promise<void>((resolve) => (arrive = resolve));
  return {
    open: () => open(),
    arrived,
    pass: (): Promise<void> => {
      arrive();
      return opened;
    },
  };
};
/** Puts something before each commit of a log's read models. */
export const beforeCommit = (log: ReturnType<typeof openLog>, look: (commit: Commit) => Promise<void> | void) => {
  const { readModels } = log;
  const commit = async (each: Commit): Promise<void> => {
    await look(each);
    await readModels.commit(each);
  };
  return { ...log, readModels: { ...readModels, commit } };
};

/** Everything in the log is in these projections. */
export const allPassed = async (log: ReturnType<typeof openLog>, names: readonly string[] = ['a', 'b']): Promise<void> => {
  const head = await log.head();
  await Promise.all(names.map((name) => log.readModels.passed(name, head)));
};

/** Starts a tail that is stopped when the test is over. */
export const beginTail = async (log: ReturnType<typeof openLog>, projections: readonly Projection[], bad: string[] = []): Promise<Tail> => {
  const tail = await startTail(log, projections, (name, event, error) => void bad.push(`${name} ${event.revision} ${String(error)}`));
  onTestFinished(() => tail.stop());
  return tail;
};
