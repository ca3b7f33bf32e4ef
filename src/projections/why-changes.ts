import { commandRejected, type Position, type RecordedEvent, type StreamName } from '../core/event.ts';
import { replayIds } from '../core/ids.ts';
import type { Instant } from '../core/instant.ts';
import type { Json } from '../core/json.ts';
import { reactionsTo } from '../core/reactions.ts';
import type { Reactor } from '../core/reactor.ts';
import type { Registry } from '../core/registry.ts';
import type { EventStore } from '../ports/event-store.ts';
import type { ReadModels } from '../ports/read-models.ts';
import { getRun } from './run-queries.ts';

/** The slot that settled a change: its verdict, and who gave the schedule that version; empty when it is not known any more. */
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

type Deps = { readonly store: EventStore; readonly readModels: ReadModels; readonly registry: Registry };

/** Events that one decision appended together. */
export const decisionsOf = (events: readonly RecordedEvent[]): RecordedEvent[][] => {
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

const slotCause = async ({ readModels }: Deps, correlation: string): Promise<SlotCause | null> => {
  const run = correlation.includes('@') ? await getRun(readModels, correlation) : null;
  if (run === null) return null;
  const { slot, verdict, cause, version, definedBy } = run;
  return { slot, verdict, cause, version, definedBy: definedBy ?? '' };
};

const pageSize = 200;
const maxPages = 50;
/** Replays of a parked reaction that are looked for. */
const toldReplays = 5;

/** What a command appended to a stream. Nothing before `after`, its cause, can be its doing: the look back ends there. */
const eventsCausedBy = async (store: EventStore, stream: StreamName, commands: readonly string[], after: Position): Promise<string[]> => {
  const found: string[] = [];
  let from: number | undefined;
  for (let page = 0; page < maxPages; page++) {
    const { events } = await store.read(stream, { backwards: true, limit: pageSize, ...(from === undefined ? {} : { from }) });
    for (const event of events) {
      if (event.position < after) return found;
      if (commands.includes(event.metadata.causationId)) found.unshift(event.type);
      else if (found.length > 0) return found;
    }
    const last = events.at(-1);
    if (last === undefined || last.revision === 0) return found;
    from = last.revision - 1;
  }
  return found;
};

/** The commands of a reactor; none when its code throws: the explanation must not fail with it. */
const commandsOf = (reactor: Reactor, event: RecordedEvent): ReturnType<typeof reactionsTo> => {
  try {
    return reactionsTo(reactor, event);
  } catch {
    return [];
  }
};

const followedBy = async ({ registry, store }: Deps, group: readonly RecordedEvent[]): Promise<Change['followed']> => {
  const commands = group.flatMap((event) =>
    registry.reactors
      .filter((reactor) => reactor.on.includes(event.type))
      .flatMap((reactor) => commandsOf(reactor, event).map(({ id, to }) => ({ id, to, after: event.position }))),
  );
  const found = await Promise.all(
    commands.map(async ({ id, to, after }) => ({ stream: to, events: await eventsCausedBy(store, to, replayIds(id, toldReplays), after) })),
  );
  return found.filter((each) => each.events.length > 0);
};

/** One decision with its cause and its consequences. */
export const changeOf = async (deps: Deps, group: readonly RecordedEvent[]): Promise<Change> => {
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
