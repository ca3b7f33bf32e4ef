import type { Answer, Command } from '../core/command.ts';
import { CarillonError, isCarillonError, isTransient, messageOf } from '../core/errors.ts';
import type { NewEvent, Position, StreamName } from '../core/event.ts';
import type { Instant } from '../core/instant.ts';
import type { Due } from '../core/registry.ts';
import type { AppendResult, EventStore } from '../ports/event-store.ts';
import type { ActorCache } from './cache.ts';
import { type Decide, type Drafted, draftCommand, draftSettle, failedAnswer, type Origin } from './decide.ts';
import type { AppendedHook } from './flags.ts';
import { confirm, deciderOf, type Loaded, loadActor, readOn } from './load.ts';

/** What a slice's work on one actor came to. */
export type SettleOutcome =
  | { readonly kind: 'changed' | 'nothing' }
  | { readonly kind: 'failed'; readonly due: Due | null; readonly error: unknown };

/** One actor of a slice: brought up to `to` from its due-index row, without reading its stream. */
export type SettleWork = {
  readonly kind: 'settle';
  readonly stream: StreamName;
  readonly row: Loaded;
  readonly to: Instant;
  readonly origin: Origin;
  /** The job of a manual slot: settled although it is paused or disabled. */
  readonly manual?: string;
  done(outcome: SettleOutcome): void;
};

/** One command. With `row`, the actor is taken from its due-index row; the expected revision fences it. */
export type CommandWork = { readonly kind: 'command'; readonly command: Command; readonly row?: Loaded; done(answer: Answer): void };
export type Work = CommandWork | SettleWork;

export type ActorDeps = Decide & {
  readonly store: EventStore;
  readonly cache: ActorCache;
  readonly appended: AppendedHook;
};

const maxTries = 3;

const streamOfWork = (work: Work): StreamName => (work.kind === 'command' ? work.command.to : work.stream);

type Pending = { readonly work: Work; readonly drafted: Drafted };
type Group = { readonly stream: StreamName; readonly works: readonly Work[] };
type Draft = Group & {
  readonly base: Loaded;
  readonly fromCache: boolean;
  readonly pending: readonly Pending[];
  readonly events: readonly NewEvent[];
  readonly next: Loaded;
};

const load = async (deps: ActorDeps, { stream, works }: Group, again: boolean): Promise<{ base: Loaded; fromCache: boolean }> => {
  const decider = deciderOf(deps.registry, stream);
  const cached = again ? undefined : deps.cache.get(stream);
  if (cached !== undefined) return { base: cached, fromCache: true };
  deps.cache.delete(stream);
  const row = again || works.length > 1 ? undefined : works[0]?.row;
  if (row !== undefined) return { base: row, fromCache: false };
  const base = await loadActor(deps.store, decider, stream);
  // An append of unknown outcome told nobody of a pause or a parked item: what is loaded anew is learnt anew.
  if (base.revision !== 'no-stream') deps.flags.learn(stream, base.state, base.revision);
  return { base, fromCache: false };
};

/** Decides all work on one actor in order, each on the state that the one before left. */
const draft = (deps: ActorDeps, group: Group, base: Loaded, fromCache: boolean): Draft => {
  const decider = deciderOf(deps.registry, group.stream);
  let next = base;
  const events: NewEvent[] = [];
  const pending = group.works.map((work) => {
    const drafted =
      work.kind === 'command'
        ? draftCommand(deps, decider, next, work.command)
        : draftSettle(deps, decider, work.stream, next, work.to, work.origin, work.manual);
    if (drafted.events.length > 0) next = drafted.next;
    events.push(...drafted.events);
    return { work, drafted };
  });
  return { ...group, base, fromCache, pending, events, next };
};

const answerOf = (stream: StreamName, { outcome, next }: Drafted, durable: { revision: number; position: Position } | null): Answer => {
  if (outcome.kind === 'failed') return failedAnswer(stream, outcome.error);
  if (outcome.answer.kind !== 'accepted') return outcome.answer;
  const { record, ...answer } = outcome.answer;
  return {
    ...answer,
    revision: record?.revision ?? (next.revision === 'no-stream' ? 0 : next.revision),
    position: (record?.position || durable?.position) ?? ('' as Position),
  };
};

const finish = (deps: ActorDeps, made: Draft, durable: { revision: number; position: Position } | null): void => {
  if (durable !== null) {
    confirm(made.next, made.events, durable.position);
    if (made.next.known) deps.cache.set(made.stream, made.next);
    else deps.cache.delete(made.stream);
    const first = durable.revision - made.events.length + 1;
    deps.appended(
      made.stream,
      made.events.map((event, index) => ({ ...event, revision: first + index })),
      made.next.state,
    );
  } else if (made.base.known && !made.fromCache) deps.cache.set(made.stream, made.base);
  for (const { work, drafted } of made.pending) {
    if (work.kind === 'command') work.done(answerOf(made.stream, drafted, durable));
    else work.done(drafted.outcome.kind === 'failed' ? drafted.outcome : { kind: drafted.events.length > 0 ? 'changed' : 'nothing' });
  }
};

const fail = (works: readonly Work[], error: unknown): void => {
  for (const work of works) {
    if (work.kind === 'settle') work.done({ kind: 'failed', due: null, error });
    else
      work.done({
        kind: 'failed',
        stream: work.command.to,
        code: isCarillonError(error) ? error.code : 'internal',
        message: messageOf(error),
        transient: isTransient(error),
      });
  }
};

/**
 * An answer without events that came from the cache is confirmed by a read: the expected revision fences only appends,
 * and another owner may have written since.
 */
const stale = async (deps: ActorDeps, made: Draft): Promise<boolean> => {
  if (!made.fromCache || made.events.length > 0 || made.base.revision === 'no-stream') return false;
  const page = await deps.store.read(made.stream, { from: made.base.revision + 1, limit: 1 });
  return page.events.length > 0 || page.head === 'erased';
};

const groupByStream = (works: readonly Work[]): Group[] => {
  const groups = new Map<StreamName, Work[]>();
  for (const work of works) {
    const stream = streamOfWork(work);
    const group = groups.get(stream);
    if (group === undefined) groups.set(stream, [work]);
    else group.push(work);
  }
  return [...groups].map(([stream, group]) => ({ stream, works: group }));
};

const prepare = async (deps: ActorDeps, group: Group, again: boolean): Promise<Draft | null> => {
  try {
    const { base, fromCache } = await load(deps, group, again);
    const made = draft(deps, group, base, fromCache);
    if (!(await stale(deps, made))) return made;
    deps.cache.delete(group.stream);
    return draft(deps, group, (await load(deps, group, true)).base, false);
  } catch (error) {
    deps.cache.delete(group.stream);
    fail(group.works, error);
    return null;
  }
};

/** The drafts that must be decided again: in conflict, or of unknown outcome. */
const append = async (deps: ActorDeps, drafts: readonly Draft[], lastTry: boolean): Promise<Group[]> => {
  const writing = drafts.filter((made) => made.events.length > 0);
  for (const made of drafts) if (made.events.length === 0) finish(deps, made, null);
  if (writing.length === 0) return [];
  let results: readonly AppendResult[];
  try {
    results = await deps.store.appendMany(writing.map(({ stream, events, base }) => ({ stream, events, expected: base.revision })));
  } catch (error) {
    // The outcome is unknown: the causes are looked for after a fresh load. Only what was never written is decided again.
    for (const made of writing) deps.cache.delete(made.stream);
    if (!lastTry && isTransient(error) && !isCarillonError(error, 'store-full')) return writing;
    for (const made of writing) fail(made.works, error);
    return [];
  }
  const again: Group[] = [];
  writing.forEach((made, index) => {
    const result = results[index];
    if (result?.ok) finish(deps, made, result);
    else {
      deps.cache.delete(made.stream);
      again.push(made);
    }
  });
  return again;
};

/**
 * Does a batch of work on the actors of one partition: load, settle, decide, and one append for all (design section 5).
 * Work in conflict is loaded and decided again, three times; then it fails with `conflict-exhausted`.
 * This is the only place that appends to the store.
 */
export const doWork = async (deps: ActorDeps, works: readonly Work[]): Promise<void> => {
  try {
    await decideAndAppend(deps, works);
  } catch (error) {
    // A defect of ours must not stop the partition: whoever waits is told, and asks again under the same id.
    deps.cache.clear();
    fail(works, error);
  }
};

const decideAndAppend = async (deps: ActorDeps, works: readonly Work[]): Promise<void> => {
  let groups = groupByStream(works);
  for (let attempt = 1; groups.length > 0; attempt++) {
    const drafts = await Promise.all(groups.map((group) => prepare(deps, group, attempt > 1)));
    groups = await append(
      deps,
      drafts.filter((made) => made !== null),
      attempt >= maxTries,
    );
    if (groups.length > 0 && attempt >= maxTries) {
      for (const group of groups)
        fail(group.works, new CarillonError('conflict-exhausted', `${group.stream} was written by others ${maxTries} times in a row`));
      return;
    }
  }
};

/** The state of an actor now, as its stream has it. */
export const peek = async (deps: Pick<ActorDeps, 'store' | 'cache' | 'registry'>, stream: StreamName): Promise<Loaded> => {
  const decider = deciderOf(deps.registry, stream);
  const cached = deps.cache.get(stream);
  return cached === undefined
    ? loadActor(deps.store, decider, stream)
    : readOn(deps.store, decider, stream, { ...cached, causes: new Map(cached.causes) });
};

/** Where a due-index row stands in for a stream that was not read. */
export const fromRow = (row: { readonly state: Loaded['state']; readonly asOf: Instant | null; readonly revision: number }): Loaded => ({
  ...row,
  erased: false,
  causes: new Map(),
  known: false,
  refusals: { day: '', count: 0 },
});
