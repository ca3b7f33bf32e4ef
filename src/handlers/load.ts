import type { AnyDecider } from '../core/decider.ts';
import { CarillonError } from '../core/errors.ts';
import {
  commandRejected,
  type NewEvent,
  type Position,
  type RecordedEvent,
  type Revision,
  type StreamName,
  streamErased,
} from '../core/event.ts';
import type { Instant } from '../core/instant.ts';
import type { Json } from '../core/json.ts';
import type { Registry } from '../core/registry.ts';
import { categoryOf } from '../core/stream.ts';
import type { EventStore } from '../ports/event-store.ts';

/** What an earlier command came to in this stream: the answer to the same id again. */
export type CauseRecord = {
  readonly hash: string | undefined;
  readonly rule: string;
  readonly rejected: boolean;
  readonly facts: Json | undefined;
  readonly events: readonly string[];
  readonly revision: Revision;
  /** Empty until the append of a draft is durable. */
  position: Position | '';
};

/**
 * An actor as its owner knows it. `causes` grows in place: whoever drops a draft drops the whole record and loads again.
 * `known` is false when it came from a due-index row, whose causes were not read.
 */
export type Loaded = {
  readonly state: Json;
  readonly asOf: Instant | null;
  readonly revision: Revision | 'no-stream';
  readonly erased: boolean;
  readonly causes: Map<string, CauseRecord>;
  readonly known: boolean;
  readonly refusals: { readonly day: string; readonly count: number };
};

const pageSize = 1_000;

export const fresh = (decider: AnyDecider): Loaded => ({
  state: decider.initial,
  asOf: null,
  revision: 'no-stream',
  erased: false,
  causes: new Map(),
  known: true,
  refusals: { day: '', count: 0 },
});

/** The rules of a stream's category. Throws `stream-invalid` when no context has them. */
export const deciderOf = (registry: Registry, stream: StreamName): AnyDecider => {
  const decider = registry.deciders.get(categoryOf(stream));
  if (decider === undefined) throw new CarillonError('stream-invalid', `No context has actors of category "${categoryOf(stream)}"`);
  return decider;
};

type Happened = NewEvent & { readonly revision: Revision; readonly position: Position | '' };

const remember = (causes: Map<string, CauseRecord>, event: Happened): void => {
  const { causationId, commandHash, rule, facts } = event.metadata;
  if (causationId === 'due') return;
  causes.set(causationId, {
    hash: commandHash,
    rule,
    rejected: event.type === commandRejected,
    facts: facts === undefined ? undefined : (JSON.parse(facts) as Json),
    events: [...(causes.get(causationId)?.events ?? []), event.type],
    revision: event.revision,
    position: event.position,
  });
};

/** An actor after events that were drafted but are not durable yet; their positions are filled in by `confirm`. */
export const applied = (before: Loaded, events: readonly NewEvent[], state: Json, asOf: Instant | null): Loaded => {
  let revision = before.revision === 'no-stream' ? -1 : before.revision;
  let { refusals } = before;
  for (const event of events) {
    revision += 1;
    remember(before.causes, { ...event, revision, position: '' });
    if (event.type !== commandRejected) continue;
    const day = event.metadata.asOf.slice(0, 10);
    refusals = { day, count: refusals.day === day ? refusals.count + 1 : 1 };
  }
  return { ...before, state, asOf, revision: revision === -1 ? 'no-stream' : revision, refusals };
};

/** Fills in the position of what has become durable. */
export const confirm = (loaded: Loaded, events: readonly NewEvent[], position: Position): void => {
  for (const { metadata } of events) {
    const record = loaded.causes.get(metadata.causationId);
    if (record?.position === '') record.position = position;
  }
};

/** Folds recorded events onto an actor: state, time, causes, refusals of the day. */
export const foldRecorded = (decider: AnyDecider, from: Loaded, events: readonly RecordedEvent[]): Loaded => {
  let { state, asOf, revision, refusals } = from;
  for (const event of events) {
    if (event.type === streamErased) return { ...from, erased: true };
    remember(from.causes, event);
    revision = event.revision;
    if (event.type === commandRejected) {
      const day = event.metadata.asOf.slice(0, 10);
      refusals = { day, count: refusals.day === day ? refusals.count + 1 : 1 };
      continue;
    }
    state = decider.evolve(state, event);
    if (asOf === null || event.metadata.asOf > asOf) asOf = event.metadata.asOf;
  }
  return { ...from, state, asOf, revision, refusals };
};

const loadFolded = async (store: EventStore, decider: AnyDecider, stream: StreamName): Promise<Loaded> => {
  const tail: RecordedEvent[] = [];
  for (let from: Revision | undefined; ; ) {
    const page = await store.read(stream, { backwards: true, limit: 100, ...(from === undefined ? {} : { from }) });
    if (page.head === 'erased') return { ...fresh(decider), erased: true };
    for (const event of page.events) {
      tail.push(event);
      if (event.type === decider.foldedBy) return foldRecorded(decider, fresh(decider), tail.reverse());
    }
    const last = page.events.at(-1);
    if (last === undefined || last.revision === 0) return foldRecorded(decider, fresh(decider), tail.reverse());
    from = last.revision - 1;
  }
};

/** Reads an actor from its stream; one whose state is folded is read backwards to the newest fold. */
export const loadActor = async (store: EventStore, decider: AnyDecider, stream: StreamName): Promise<Loaded> => {
  if (decider.foldedBy !== undefined) return loadFolded(store, decider, stream);
  return readOn(store, decider, stream, fresh(decider));
};

/** Reads what came after an actor's revision. */
export const readOn = async (store: EventStore, decider: AnyDecider, stream: StreamName, before: Loaded): Promise<Loaded> => {
  let loaded = before;
  for (;;) {
    const from = loaded.revision === 'no-stream' ? 0 : loaded.revision + 1;
    const page = await store.read(stream, { from, limit: pageSize });
    if (page.head === 'erased') return { ...loaded, erased: true };
    loaded = foldRecorded(decider, loaded, page.events);
    if (page.events.length < pageSize) return loaded;
  }
};
