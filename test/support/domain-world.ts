import Value from 'typebox/value';
import { contextDefinitions } from '../../src/contexts/index.ts';
import type { Command } from '../../src/core/command.ts';
import type { Decision } from '../../src/core/decider.ts';
import type { DomainEvent, RecordedEvent, StreamName } from '../../src/core/event.ts';
import { derivedId } from '../../src/core/ids.ts';
import { type Instant, instant, later } from '../../src/core/instant.ts';
import type { Json, JsonObject } from '../../src/core/json.ts';
import { isEffectWish, type Reactor } from '../../src/core/reactor.ts';
import { buildRegistry, type Registry } from '../../src/core/registry.ts';
import { evolveAll, settle } from '../../src/core/settle.ts';
import { categoryOf, streamName } from '../../src/core/stream.ts';
import { tableOf } from './table.ts';

/**
 * The domain without the engine: actors in memory, reactors run to the end after each step, ticks by hand. For tests of
 * what the rules of several actors come to together; the engine has its own tests.
 */
type Actor = { state: Json; asOf: Instant | null; events: RecordedEvent[] };
type Told = { readonly kind: string; readonly rule: string; readonly events: readonly string[] };
type Wanted = Pick<Command, 'id' | 'to' | 'type' | 'data' | 'asOf'>;

const recorded = (stream: StreamName, actor: Actor, place: number, event: DomainEvent, asOf: Instant, rule: string): RecordedEvent => ({
  ...event,
  id: derivedId(stream, String(actor.events.length)),
  metadata: { correlationId: '', causationId: '', asOf, rule, schema: '1' },
  stream,
  revision: actor.events.length,
  position: String(place).padStart(12, '0') as RecordedEvent['position'],
  recordedAt: asOf,
});

const settingsOf = (name: string, settings: Readonly<Record<string, JsonObject>>): JsonObject => settings[name] ?? {};

export const domainWorld = (settings: Readonly<Record<string, JsonObject>> = {}) => {
  const registry: Registry = buildRegistry(contextDefinitions.map((definition) => definition.build(settingsOf(definition.name, settings))));
  const actors = new Map<StreamName, Actor>();
  const effects = new Map<string, Json>();
  const refused: string[] = [];
  const log: RecordedEvent[] = [];
  const done = new Set<string>();
  const tables = new Map(
    registry.projections.filter((item) => item.tables.length === 1).map((item) => [item.name, tableOf(item)] as const),
  );

  const deciderOf = (stream: StreamName) => {
    const decider = registry.deciders.get(categoryOf(stream));
    if (!decider) throw new Error(`No decider for ${stream}`);
    return decider;
  };
  const actorOf = (stream: StreamName): Actor => {
    const actor = actors.get(stream) ?? { state: deciderOf(stream).initial, asOf: null, events: [] };
    actors.set(stream, actor);
    return actor;
  };
  const keep = (stream: StreamName, decision: Decision, asOf: Instant): void => {
    if (decision.kind !== 'accepted') return;
    const actor = actorOf(stream);
    actor.state = evolveAll(deciderOf(stream), actor.state, decision.events);
    actor.asOf = asOf;
    for (const event of decision.events) {
      const item = recorded(stream, actor, log.length, event, asOf, decision.rule);
      actor.events.push(item);
      log.push(item);
      for (const [name, table] of tables) {
        if (registry.projections.find((projection) => projection.name === name)?.types?.includes(item.type)) table.apply(item);
      }
    }
  };
  const settleTo = (stream: StreamName, to: Instant): number => {
    const actor = actorOf(stream);
    const dues = (registry.dues.get(categoryOf(stream)) ?? []).filter((due) => due.settles);
    const { steps } = settle(deciderOf(stream), dues, stream.slice(stream.indexOf('-') + 1), actor, to);
    for (const step of steps) keep(stream, step.decision, step.at);
    return steps.length;
  };
  const decide = (command: Wanted): Told => {
    const actor = actorOf(command.to);
    const asOf = actor.asOf === null ? command.asOf : later(command.asOf, actor.asOf);
    settleTo(command.to, asOf);
    const decision = deciderOf(command.to).decide({ ...command, asOf }, actor.state);
    keep(command.to, decision, asOf);
    return {
      kind: decision.kind,
      rule: decision.rule,
      events: decision.kind === 'accepted' ? decision.events.map((event) => event.type) : [],
    };
  };
  let reactedTo = 0;
  const reactTo = (reactor: Reactor, event: RecordedEvent): void => {
    for (const [index, item] of reactor.react(event).entries()) {
      if (isEffectWish(item)) {
        effects.set(`${item.effect} ${item.key}`, item.data);
        continue;
      }
      if (!reactor.targets.includes(categoryOf(item.to))) throw new Error(`${reactor.name} sends to ${item.to} without naming it`);
      const id = derivedId(event.id, reactor.name, item.key ?? String(index));
      if (done.has(id)) throw new Error(`${reactor.name} sends two commands under one id`);
      done.add(id);
      const told = decide({ id, to: item.to, type: item.type, data: item.data, asOf: event.metadata.asOf });
      if (told.kind === 'rejected') refused.push(`${item.to} ${told.rule}`);
    }
  };
  const drain = (): void => {
    for (; reactedTo < log.length; reactedTo++) {
      const event = log[reactedTo] as RecordedEvent;
      for (const reactor of registry.reactors) if (reactor.on.includes(event.type)) reactTo(reactor, event);
    }
  };

  return {
    registry,
    effects,
    log,
    /** Commands of reactors that were rejected, as `stream rule`. */
    refused,
    /** A person's command: checked against its intake schema, then decided; reactors run to the end. */
    send: (to: string, type: string, data: JsonObject, asOf: string): Told => {
      const stream = streamName(to);
      const schema = deciderOf(stream).intake?.[type];
      if (!schema || !Value.Check(schema, data)) return { kind: 'invalid', rule: 'intake', events: [] };
      const told = decide({ id: '', to: stream, type, data, asOf: instant(asOf) });
      drain();
      return told;
    },
    /** A slot of a job: every actor of its category is settled to it. Returns how many changed, and the rules' events. */
    tick: (name: string, slot: string): number => {
      const job = registry.jobs.get(registry.find(name).name);
      if (!job) throw new Error(`${name} is no job`);
      const streams = [...actors.keys()].filter((stream) => categoryOf(stream) === job.actor.category).sort();
      const changed = streams.filter((stream) => settleTo(stream, instant(slot)) > 0).length;
      drain();
      return changed;
    },
    state: (stream: string): Json => actors.get(stream as StreamName)?.state ?? null,
    events: (stream: string): string[] => (actors.get(stream as StreamName)?.events ?? []).map((event) => event.type),
    streams: (category: string): StreamName[] => [...actors.keys()].filter((stream) => categoryOf(stream) === category).sort(),
    count: (type: string): number => log.filter((event) => event.type === type).length,
    /** A board's players in rank order, as `player score`. */
    board: (table: string, board: string): string[] =>
      (tables.get(table)?.rows() ?? [])
        .filter((row) => row.board === board)
        .sort((a, b) => (String(a.rank) < String(b.rank) ? -1 : 1))
        .map((row) => `${row.player} ${row.score}`),
    rows: (table: string) => tables.get(table)?.rows() ?? [],
  };
};

export type DomainWorld = ReturnType<typeof domainWorld>;
