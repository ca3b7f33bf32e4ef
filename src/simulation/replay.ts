import type { AnyDecider } from '../core/decider.ts';
import { commandRejected, type DomainEvent, type RecordedEvent, type StreamName } from '../core/event.ts';
import { type Instant, later } from '../core/instant.ts';
import type { AnyJob } from '../core/job.ts';
import { canonical, type Json } from '../core/json.ts';
import type { Registry } from '../core/registry.ts';
import { evolveAll, firstDue } from '../core/settle.ts';
import { idOf } from '../core/stream.ts';
import type { EventStore } from '../ports/event-store.ts';
import type { ReadModels } from '../ports/read-models.ts';
import { listActors } from '../projections/due-queries.ts';

export type Difference = {
  readonly stream: StreamName;
  readonly revision: number;
  readonly at: Instant;
  readonly recorded: readonly DomainEvent[];
  readonly today: readonly DomainEvent[];
};
export type Replay = {
  readonly job: string;
  readonly actors: number;
  readonly decisions: number;
  readonly equal: number;
  readonly different: readonly Difference[];
};

const pageSize = 200;
const streamPage = 1_000;
const maxDifferences = 100;

const plain = (events: readonly DomainEvent[]): string => canonical(events.map(({ type, data }) => ({ type, data })) as unknown as Json);

/** Events that one due decision appended together: same instant, same job, unbroken. */
const groups = (events: readonly RecordedEvent[]): RecordedEvent[][] => {
  const found: RecordedEvent[][] = [];
  for (const event of events) {
    const last = found.at(-1)?.[0];
    const same =
      last !== undefined &&
      last.metadata.causationId === event.metadata.causationId &&
      last.metadata.asOf === event.metadata.asOf &&
      last.metadata.job === event.metadata.job &&
      last.metadata.rule === event.metadata.rule;
    if (same) found.at(-1)!.push(event);
    else found.push([event]);
  }
  return found;
};

/** What today's code decides where the recorded decision was made. */
const today = (
  registry: Registry,
  decider: AnyDecider,
  job: AnyJob,
  stream: StreamName,
  state: Json,
  asOf: Instant | null,
): readonly DomainEvent[] => {
  const dues = (registry.dues.get(decider.category) ?? []).filter((due) => due.settles);
  const first = firstDue(dues, state);
  if (first === null || first.due.name !== job.name) return [];
  const decision = decider.decide(job.command(idOf(stream), asOf === null ? first.at : later(first.at, asOf)), state);
  return decision.kind === 'accepted' ? decision.events : [];
};

/** Today's code on the past of an at-due job's actors, and where it decides otherwise than was recorded. Nothing is appended. */
export const replay = async (
  deps: { readonly store: EventStore; readonly readModels: ReadModels; readonly registry: Registry },
  name: string,
): Promise<Replay> => {
  const job = deps.registry.jobs.get(deps.registry.find(name).name)!;
  const decider = job.actor;
  let [actors, decisions, equal] = [0, 0, 0];
  const different: Difference[] = [];
  for (let after: string | undefined; ; ) {
    const page = await listActors(deps.readModels, decider.category, { limit: pageSize, ...(after === undefined ? {} : { after }) });
    for (const { stream } of page) {
      actors += 1;
      let state = decider.initial;
      let asOf: Instant | null = null;
      for (const group of groups(await readAll(deps.store, stream as StreamName))) {
        const [event] = group as [RecordedEvent];
        if (event.type === commandRejected) continue;
        if (event.metadata.causationId === 'due' && event.metadata.job === job.name) {
          decisions += 1;
          const now = today(deps.registry, decider, job, stream as StreamName, state, asOf);
          if (plain(now) === plain(group)) equal += 1;
          else if (different.length < maxDifferences)
            different.push({
              stream: stream as StreamName,
              revision: event.revision,
              at: event.metadata.asOf,
              recorded: group.map(({ type, data }) => ({ type, data })),
              today: now,
            });
        }
        state = evolveAll(decider, state, group);
        asOf = asOf === null ? event.metadata.asOf : later(asOf, event.metadata.asOf);
      }
    }
    after = page.at(-1)?.stream;
    if (page.length < pageSize) return { job: job.name, actors, decisions, equal, different };
  }
};

const readAll = async (store: EventStore, stream: StreamName): Promise<readonly RecordedEvent[]> => {
  const events: RecordedEvent[] = [];
  for (;;) {
    const page = await store.read(stream, { from: events.length, limit: streamPage });
    events.push(...page.events);
    if (page.events.length < streamPage) return events;
  }
};
