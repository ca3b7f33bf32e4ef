import type { Answer, Command } from '../core/command.ts';
import type { AnyDecider, Decision } from '../core/decider.ts';
import { CarillonError, messageOf } from '../core/errors.ts';
import { commandRejected, type DomainEvent, type Metadata, type NewEvent, type StreamName } from '../core/event.ts';
import { commandHash } from '../core/ids.ts';
import { type Instant, later } from '../core/instant.ts';
import type { Json } from '../core/json.ts';
import type { Due, Registry } from '../core/registry.ts';
import { DueFailure, evolveAll, type Step, settle } from '../core/settle.ts';
import { categoryOf, idOf } from '../core/stream.ts';
import type { Flags } from './flags.ts';
import { applied, type CauseRecord, type Loaded } from './load.ts';

/** Where a piece of work comes from; becomes the metadata of its events. */
export type Origin = { readonly correlationId: string; readonly traceparent?: string; readonly hops?: number; readonly imported?: string };

/** What work on one actor came to before it is durable. Without events the answer stands as it is. */
export type Drafted = {
  readonly events: readonly NewEvent[];
  /** The actor with the events applied. */
  readonly next: Loaded;
  readonly outcome:
    | { readonly kind: 'answer'; readonly answer: Draft }
    | { readonly kind: 'failed'; readonly due: Due | null; readonly error: unknown };
};

/** An answer whose revision and position are filled in when the append is durable. */
export type Draft =
  | Exclude<Answer, { kind: 'accepted' }>
  | (Omit<Extract<Answer, { kind: 'accepted' }>, 'revision' | 'position'> & { readonly record?: CauseRecord });

export type Decide = { readonly registry: Registry; readonly flags: Flags; readonly nextId: () => string };

const maxFacts = 2_000;
const maxRefusalsPerDay = 100;

const metadataOf = (decision: Decision, asOf: Instant, origin: Origin, more: Partial<Metadata>): Metadata => {
  const facts = decision.facts === undefined ? undefined : JSON.stringify(decision.facts);
  return {
    correlationId: origin.correlationId,
    causationId: 'due',
    asOf,
    rule: decision.rule,
    schema: '1',
    ...more,
    ...(facts === undefined || facts.length > maxFacts ? {} : { facts }),
    ...(origin.hops ? { hops: String(origin.hops) } : {}),
    ...(origin.imported === undefined ? {} : { imported: origin.imported }),
    ...(origin.traceparent === undefined ? {} : { traceparent: origin.traceparent }),
  };
};

const newEvents = (tools: Decide, events: readonly DomainEvent[], metadata: Metadata): NewEvent[] =>
  events.map((event) => ({ id: tools.nextId(), type: event.type, data: event.data, metadata }));

const stepEvents = (tools: Decide, steps: readonly Step[], origin: Origin): NewEvent[] =>
  steps.flatMap((step) => newEvents(tools, step.decision.events, metadataOf(step.decision, step.at, origin, { job: step.due.name })));

/** The dues of a category that settle now: at-due, neither paused nor disabled nor parked. `manual` names the job of a manual slot. */
export const settlingDues = (tools: Decide, stream: StreamName, state: Json, manual?: string): readonly Due[] => {
  const dues = tools.registry.dues.get(categoryOf(stream)) ?? [];
  return dues.filter(
    (due) => due.settles && (due.name === manual || !tools.flags.held(due, state)) && !tools.flags.isParked(due.name, stream),
  );
};

const parkedDue = (tools: Decide, stream: StreamName, state: Json, upTo: Instant): Due | undefined =>
  tools.registry.dues.get(categoryOf(stream))?.find((due) => {
    if (!due.settles || !tools.flags.isParked(due.name, stream)) return false;
    const at = due.transition.dueAt(state);
    return at !== null && at <= upTo;
  });

/** Brings an actor up to `to`. The failing due is told, so that its job's retries can deal with it. */
export const draftSettle = (
  tools: Decide,
  decider: AnyDecider,
  stream: StreamName,
  loaded: Loaded,
  to: Instant,
  origin: Origin,
  manual?: string,
): Drafted => {
  const dues = settlingDues(tools, stream, loaded.state, manual);
  try {
    const settled = settle(decider, dues, idOf(stream), loaded, to);
    const events = stepEvents(tools, settled.steps, origin);
    const types = events.map((event) => event.type);
    const answer: Draft =
      events.length === 0
        ? { kind: 'ignored', stream, rule: 'nothing-due' }
        : { kind: 'accepted', stream, rule: settled.steps.at(-1)?.decision.rule ?? '', events: types };
    return { events, next: applied(loaded, events, settled.state, settled.asOf), outcome: { kind: 'answer', answer } };
  } catch (error) {
    return { events: [], next: loaded, outcome: { kind: 'failed', due: error instanceof DueFailure ? error.due : null, error } };
  }
};

const repeated = (stream: StreamName, record: CauseRecord): Draft =>
  record.rejected
    ? { kind: 'rejected', stream, rule: record.rule, repeated: true, ...(record.facts === undefined ? {} : { facts: record.facts }) }
    : { kind: 'accepted', stream, rule: record.rule, events: record.events, repeated: true, record };

const failure = (stream: StreamName, error: CarillonError, transient = false): Draft => ({
  kind: 'failed',
  stream,
  code: error.code,
  message: error.message,
  transient,
});

/** Settles an actor up to a command's time, then decides the command (design section 5). */
export const draftCommand = (tools: Decide, decider: AnyDecider, loaded: Loaded, command: Command): Drafted => {
  const stream = command.to;
  const settled = (answer: Draft): Drafted => ({ events: [], next: loaded, outcome: { kind: 'answer', answer } });
  if (loaded.erased) return settled(failure(stream, new CarillonError('stream-erased', `${stream} was erased`)));
  const hash = commandHash(command.type, command.data);
  const record = loaded.causes.get(command.id);
  if (record !== undefined) {
    if (record.hash === hash) return settled(repeated(stream, record));
    return settled(failure(stream, new CarillonError('command-id-reused', `Command id "${command.id}" was used with another payload`)));
  }
  const origin: Origin = {
    correlationId: command.correlationId ?? command.id,
    ...(command.traceparent === undefined ? {} : { traceparent: command.traceparent }),
    ...(command.hops === undefined ? {} : { hops: command.hops }),
    ...(command.imported === undefined ? {} : { imported: command.imported }),
  };
  const blocked = parkedDue(tools, stream, loaded.state, command.asOf);
  if (blocked) return settled({ kind: 'rejected', stream, rule: 'actor-parked', facts: { job: blocked.name } });
  const before = draftSettle(tools, decider, stream, loaded, command.asOf, origin);
  if (before.outcome.kind === 'failed') return before;
  if (command.type === 'SettleActor') return before;
  return decideAfter(tools, decider, before, command, hash, origin);
};

const decideAfter = (tools: Decide, decider: AnyDecider, before: Drafted, command: Command, hash: string, origin: Origin): Drafted => {
  const stream = command.to;
  const asOf = before.next.asOf === null ? command.asOf : later(command.asOf, before.next.asOf);
  const more: Partial<Metadata> = {
    causationId: command.id,
    commandHash: hash,
    ...(command.by === undefined ? {} : { by: command.by }),
    ...(command.reason === undefined ? {} : { reason: command.reason }),
  };
  let decision: Decision;
  try {
    decision = decider.decide({ ...command, asOf }, before.next.state);
  } catch (error) {
    return { events: [], next: before.next, outcome: { kind: 'failed', due: null, error } };
  }
  const metadata = metadataOf(decision, asOf, origin, more);
  if (decision.kind === 'accepted') {
    const events = newEvents(tools, decision.events, metadata);
    const next = applied(before.next, events, evolveAll(decider, before.next.state, decision.events), asOf);
    return {
      events: [...before.events, ...events],
      next,
      outcome: { kind: 'answer', answer: { kind: 'accepted', stream, rule: decision.rule, events: events.map((event) => event.type) } },
    };
  }
  const answer: Draft = {
    kind: decision.kind,
    stream,
    rule: decision.rule,
    ...(decision.facts === undefined ? {} : { facts: decision.facts }),
  };
  const refused = refusal(tools, before, command, decision, metadata);
  return {
    events: [...before.events, ...refused],
    next: applied(before.next, refused, before.next.state, before.next.asOf),
    outcome: { kind: 'answer', answer },
  };
};

/** A rejection on an existing actor is recorded, so that a repeat gets the same answer; the engine's own ledgers are spared. */
const refusal = (tools: Decide, before: Drafted, command: Command, decision: Decision, metadata: Metadata): NewEvent[] => {
  const exists = before.next.revision !== 'no-stream';
  if (decision.kind !== 'rejected' || !exists || command.to.startsWith('engine.')) return [];
  const { refusals } = before.next;
  if (refusals.count >= maxRefusalsPerDay && refusals.day === command.asOf.slice(0, 10)) return [];
  return newEvents(
    tools,
    [{ type: commandRejected, data: { command: command.type, rule: decision.rule, facts: decision.facts ?? null } }],
    metadata,
  );
};

/** The answer to a command whose decision threw. */
export const failedAnswer = (stream: StreamName, error: unknown): Answer => ({
  kind: 'failed',
  stream,
  code: 'actor-failed',
  message: messageOf(error),
  transient: true,
});
