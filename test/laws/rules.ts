import type { DomainEvent } from '../../src/core/event.ts';
import { type Instant, plus } from '../../src/core/instant.ts';
import { canonical, type Json } from '../../src/core/json.ts';
import { evolveAll, firstDue } from '../../src/core/settle.ts';
import { ticksMovedLater } from './history.ts';
import { type History, type Played, play, type Subject, settled, stepped, timeOf } from './play.ts';
import { randomOf } from './random.ts';

/** A law (design, section 13) on one history: null when it holds, else what was seen. */
export type Law = (subject: Subject, history: History) => string | null;

const maxStateBytes = 16 * 1024;
const day = 86_400_000;

const differ = (what: string, a: Json, b: Json): string | null =>
  canonical(a) === canonical(b) ? null : `${what}: ${canonical(a)} and ${canonical(b)}`;
const outcome = ({ state, events, answers }: Played): Json => ({ state, events, answers });

/** The actor after each step of a history. */
const along = (subject: Subject, history: History): Played[] => {
  let actor = play(subject, []);
  return history.steps.map((step) => {
    actor = stepped(subject, actor, step);
    return actor;
  });
};

const firstBroken = <T>(items: readonly T[], check: (item: T) => string | null): string | null => {
  for (const item of items) {
    const broken = check(item);
    if (broken !== null) return broken;
  }
  return null;
};

const instants = (history: History): readonly [Instant, Instant] => {
  const random = randomOf(history.seed ^ 0x7177);
  const at = plus(timeOf(history.steps.at(-1) as History['steps'][number]), random.below(3 * day));
  return [at, plus(at, random.below(5 * day))];
};

/** settle(settle(s, t1), t2) = settle(s, t2). */
const settleTwice: Law = (subject, history) => {
  const actor = play(subject, history.steps);
  const [sooner, later] = instants(history);
  const twice = settled(subject, settled(subject, actor, sooner), later);
  return differ('twice and once', outcome(twice), outcome(settled(subject, actor, later)));
};

/** After settle to t nothing is due by t. */
const nothingDue: Law = (subject, history) => {
  const actor = play(subject, history.steps);
  return firstBroken(instants(history), (at) => {
    const due = firstDue(subject.dues, settled(subject, actor, at).state);
    return due !== null && due.at <= at ? `${due.due.name} is due at ${due.at} after it was settled to ${at}` : null;
  });
};

/** Each due decision is accepted with events and moves its due instant on. */
const movesOn: Law = (subject, history) =>
  firstBroken(along(subject, history), ({ state, asOf }) => {
    const first = firstDue(subject.dues, state);
    if (first === null) return null;
    const at = asOf !== null && asOf > first.at ? asOf : first.at;
    const decision = subject.decider.decide(first.due.transition.command('a1', at), state);
    if (decision.kind !== 'accepted' || decision.events.length === 0)
      return `due at ${first.at} and ${decision.kind} by rule ${decision.rule}`;
    const next = first.due.transition.dueAt(evolveAll(subject.decider, state, decision.events));
    return next !== null && next <= first.at ? `still due at ${next} after ${first.at}` : null;
  });

/** Moving any tick later among the same commands gives the same final state, events and answers. */
const laterTicks: Law = (subject, history) => {
  const onTime = settled(subject, play(subject, history.steps), history.end);
  const late = settled(subject, play(subject, ticksMovedLater(history)), history.end);
  return differ('on time and late', outcome(onTime), outcome(late));
};

/** An at-tick command again at the same slot adds nothing, or is ignored by a named rule. */
const tickTwice: Law = (subject, history) =>
  firstBroken(along(subject, history), ({ state }) =>
    firstBroken(subject.tickDues, ({ name, transition }) => {
      const at = transition.dueAt(state);
      if (at === null) return null;
      const command = transition.command('a1', at);
      const decision = subject.decider.decide(command, state);
      if (decision.kind !== 'accepted') return null;
      const again = subject.decider.decide(command, evolveAll(subject.decider, state, decision.events));
      return again.kind === 'accepted' && again.events.length > 0 ? `${name} does its work twice at ${at}` : null;
    }),
  );

/** Every event is of a declared type, and `evolve` takes every event in every state and gives JSON. */
const evolves: Law = (subject, history) => {
  const actors = along(subject, history);
  const seen = new Map<string, DomainEvent>(actors.flatMap(({ events }) => events.map((event) => [event.type, event] as const)));
  return firstBroken([...seen.values()], (event) => {
    if (!subject.decider.events.includes(event.type)) return `${event.type} is not declared`;
    const states = [subject.decider.initial, ...actors.map(({ state }) => state)];
    return firstBroken(states, (state) =>
      subject.decider.evolve(state, event) === undefined ? `evolve has no answer to ${event.type}` : null,
    );
  });
};

const isJson = (value: unknown): boolean => {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0);
  if (Array.isArray(value)) return value.every(isJson);
  return typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype && Object.values(value).every(isJson);
};

/** Events and states survive JSON unchanged. */
const survivesJson: Law = (subject, history) =>
  firstBroken(along(subject, history), ({ state, events }) => {
    if (!isJson(state)) return 'the state is not plain JSON';
    return firstBroken(events, (event) => (isJson(event.data) ? null : `the data of ${event.type} is not plain JSON`));
  });

/** The state stays bounded, however long the actor lives. */
const bounded: Law = (subject, history) => {
  const bytes = Buffer.byteLength(canonical(play(subject, history.steps).state));
  return bytes > maxStateBytes ? `the state has ${bytes} bytes after ${history.steps.length} steps` : null;
};

/** The same question gives the same decision, and every decision names its rule. */
const decidesAlike: Law = (subject, history) => {
  let actor = play(subject, []);
  return firstBroken(history.steps, (step) => {
    const ready = settled(subject, actor, timeOf(step));
    actor = stepped(subject, actor, step);
    if (step.kind === 'tick') return null;
    const [one, two] = [subject.decider.decide(step.wish, ready.state), subject.decider.decide(step.wish, ready.state)];
    if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(one.rule)) return `"${one.rule}" is not the name of a rule`;
    return differ('one and the same question', one as unknown as Json, two as unknown as Json);
  });
};

/** Laws that every history keeps. `bounded` is checked on long ones. */
export const laws = { settleTwice, nothingDue, movesOn, laterTicks, tickTwice, evolves, survivesJson, decidesAlike, bounded } as const;

/** A law that throws is broken too. */
export const verdictOf = (law: Law, subject: Subject, history: History): string | null => {
  try {
    return law(subject, history);
  } catch (error) {
    return `threw: ${error instanceof Error ? error.message : String(error)}`;
  }
};
