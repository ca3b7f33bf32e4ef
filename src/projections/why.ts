import type { ScheduleEvent } from '../contexts/engine/schedule/events.ts';
import { CarillonError } from '../core/errors.ts';
import { commandRejected, type RecordedEvent, type StreamName } from '../core/event.ts';
import { keyOfSlot, type SlotId, scheduleStream } from '../core/ids.ts';
import type { Instant } from '../core/instant.ts';
import type { Json } from '../core/json.ts';
import { reactionsTo } from '../core/reactions.ts';
import type { Registry } from '../core/registry.ts';
import { evolveAll, firstDue, settle } from '../core/settle.ts';
import { categoryOf, idOf, streamName } from '../core/stream.ts';
import type { Clock } from '../ports/clock.ts';
import type { EventStore } from '../ports/event-store.ts';
import type { ReadModels } from '../ports/read-models.ts';
import { getRun } from './run-queries.ts';

export type WhyDeps = { readonly store: EventStore; readonly readModels: ReadModels; readonly registry: Registry; readonly clock: Clock };

/** The slot that settled a change: its verdict, and who gave the schedule that version. */
export type SlotCause = {
  readonly slot: string;
  readonly verdict: string;
  readonly cause: string;
  readonly version: number;
  readonly definedBy: string;
};

/** One decision and what came of it. */
export type Change = {
  readonly events: readonly string[];
  readonly revision: number;
  readonly at: Instant;
  readonly recordedAt: Instant;
  readonly rule: string;
  readonly facts: Json;
  readonly refused: boolean;
  /** The job whose due instant this was; null for a command's decision. */
  readonly job: string | null;
  /** The slot or command that it belongs to. */
  readonly correlation: string;
  readonly command: { readonly id: string; readonly by: string | null; readonly reason: string | null } | null;
  readonly slot: SlotCause | null;
  /** What reactors made of it in other streams. */
  readonly followed: readonly { readonly stream: string; readonly events: readonly string[] }[];
};

export type Explanation = {
  readonly stream: StreamName;
  /** Newest first. */
  readonly changes: readonly Change[];
  readonly now: { readonly state: Json; readonly next: { readonly job: string; readonly at: Instant } | null };
};

const maxEvents = 1_000;

/** Events that one decision appended together. */
const decisions = (events: readonly RecordedEvent[]): RecordedEvent[][] => {
  const groups: RecordedEvent[][] = [];
  for (const event of events) {
    const last = groups.at(-1)?.[0]?.metadata;
    const { causationId, asOf, rule, job } = event.metadata;
    if (last !== undefined && last.causationId === causationId && last.asOf === asOf && last.rule === rule && last.job === job)
      groups.at(-1)!.push(event);
    else groups.push([event]);
  }
  return groups;
};

const slotCause = async ({ readModels, store }: WhyDeps, correlation: string): Promise<SlotCause | null> => {
  if (!correlation.includes('@')) return null;
  const run = await getRun(readModels, correlation);
  if (run === null) return null;
  let definedBy = 'code';
  const { events } = await store.read(scheduleStream(keyOfSlot(correlation as SlotId)), { limit: maxEvents });
  let version = 0;
  for (const event of events as unknown as readonly (RecordedEvent & ScheduleEvent)[]) {
    if (event.type !== 'ScheduleDefined' && event.type !== 'ScheduleChanged') continue;
    version += 1;
    if (version === run.version) definedBy = (event.metadata.by ?? 'code').split(',')[0]!;
  }
  return { slot: run.slot, verdict: run.verdict, cause: run.cause, version: run.version, definedBy };
};

const followedBy = async ({ registry, store }: WhyDeps, group: readonly RecordedEvent[]): Promise<Change['followed']> => {
  const commands = group.flatMap((event) =>
    registry.reactors.filter((reactor) => reactor.on.includes(event.type)).flatMap((reactor) => reactionsTo(reactor, event)),
  );
  const found = await Promise.all(
    commands.map(async (command) => {
      const { events } = await store.read(command.to, { backwards: true, limit: maxEvents });
      return {
        stream: command.to,
        events: events
          .filter((event) => event.metadata.causationId === command.id)
          .map((event) => event.type)
          .reverse(),
      };
    }),
  );
  return found.filter((each) => each.events.length > 0);
};

const changeOf = async (deps: WhyDeps, group: readonly RecordedEvent[]): Promise<Change> => {
  const [first] = group as [RecordedEvent];
  const { causationId, correlationId, asOf, rule, facts, job, by = null, reason = null } = first.metadata;
  return {
    events: group.map((event) => event.type),
    revision: first.revision,
    at: asOf,
    recordedAt: first.recordedAt,
    rule,
    facts: facts === undefined ? null : (JSON.parse(facts) as Json),
    refused: first.type === commandRejected,
    job: job ?? null,
    correlation: correlationId,
    command: causationId === 'due' ? null : { id: causationId, by, reason },
    slot: await slotCause(deps, correlationId),
    followed: await followedBy(deps, group),
  };
};

/**
 * Why an actor is as it is: each decision with its rule and facts, what caused it, and what followed; read from the
 * streams (design section 8). `limit` bounds the decisions told, newest first. Throws `not-found`, `stream-erased`.
 */
export const why = async (deps: WhyDeps, stream: StreamName, limit = 20): Promise<Explanation> => {
  const decider = deps.registry.deciders.get(categoryOf(stream));
  const page = await deps.store.read(stream, { limit: maxEvents });
  if (page.head === 'erased') throw new CarillonError('stream-erased', `${stream} was erased`);
  if (decider === undefined || page.head === 'no-stream') throw new CarillonError('not-found', `There is no ${stream}`);
  const changes = await Promise.all(
    decisions(page.events)
      .slice(-limit)
      .reverse()
      .map((group) => changeOf(deps, group)),
  );
  const state = evolveAll(
    decider,
    decider.initial,
    page.events.filter((event) => event.type !== commandRejected),
  );
  const asOf = page.events.reduce<Instant | null>(
    (latest, event) => (latest === null || event.metadata.asOf > latest ? event.metadata.asOf : latest),
    null,
  );
  const settled = settledNow(deps, stream, { state, asOf });
  const next = firstDue(deps.registry.dues.get(decider.category) ?? [], settled);
  return { stream, changes, now: { state: settled, next: next === null ? null : { job: next.due.name, at: next.at } } };
};

/** The state with what is due by now applied; as recorded when a rule throws: the explanation must not fail with it. */
const settledNow = (
  { registry, clock }: WhyDeps,
  stream: StreamName,
  from: { readonly state: Json; readonly asOf: Instant | null },
): Json => {
  const decider = registry.deciders.get(categoryOf(stream))!;
  const dues = (registry.dues.get(decider.category) ?? []).filter((due) => due.settles);
  try {
    return settle(decider, dues, idOf(stream), from, clock.now()).state;
  } catch {
    return from.state;
  }
};

/** A stream by its name, or by a bare id when only one actor has it. Throws `not-found`, `ambiguous-name`. */
export const findEntity = async ({ readModels, registry }: Pick<WhyDeps, 'readModels' | 'registry'>, id: string): Promise<StreamName> => {
  // A full name is taken as it is: the stream itself says whether it is there, or was erased.
  if (/^[a-z][a-z0-9]*\.[a-z][a-z0-9]*-/.test(id)) return streamName(id);
  const candidates = [...registry.deciders.keys()].map((category) => streamName(`${category}-${id}`));
  const rows = await readModels.get(
    'actors',
    candidates.map((stream) => [stream]),
  );
  const found = candidates.filter((_, index) => rows[index] !== null);
  if (found.length > 1) throw new CarillonError('ambiguous-name', `"${id}" is ${found.join(' and ')}`);
  const [stream] = found;
  if (stream === undefined) throw new CarillonError('not-found', `No actor is named "${id.slice(0, 100)}"`);
  return stream;
};
