import type { Wish } from '../../src/core/command.ts';
import { type AnyDecider, accept, defineDecider } from '../../src/core/decider.ts';
import type { DomainEvent } from '../../src/core/event.ts';
import { type Instant, plus } from '../../src/core/instant.ts';
import type { Json } from '../../src/core/json.ts';
import type { Due } from '../../src/core/registry.ts';
import type { Subject } from './play.ts';
import type { laws } from './rules.ts';

type State = { readonly at: Instant | null; readonly list: readonly string[] };
type Event = DomainEvent<'Begun', { at: Instant; extra: Json }> | DomainEvent<'Ended', { at: Instant; extra: Json }>;
type Command = Wish<'Begin', Record<string, never>> | Wish<'End', Record<string, never>>;

type Parts = {
  readonly extra?: () => Json;
  readonly evolve?: (state: State, event: Event) => State;
  readonly dueAt?: (state: State) => Instant | null;
  readonly atTick?: boolean;
};

const begun = (state: State, event: Event): State => ({ ...state, at: event.type === 'Begun' ? event.data.at : null });

/** A small actor that is begun and ends a day later, with one part replaced by a broken one. */
const subjectOf = ({
  extra = () => null,
  evolve = begun,
  dueAt = ({ at }) => at && plus(at, 86_400_000),
  atTick = false,
}: Parts): Subject => {
  const decider: AnyDecider = defineDecider<State, Command, Event>({
    category: 'test.broken',
    initial: { at: null, list: [] },
    events: ['Begun', 'Ended'],
    decide: ({ type, asOf }) => accept('always', [{ type: type === 'Begin' ? 'Begun' : 'Ended', data: { at: asOf, extra: extra() } }]),
    evolve,
  });
  const transition = { name: 'test/end', dueAt, command: (_id: string, asOf: Instant): Command => ({ type: 'End', data: {}, asOf }) };
  const due: Due = { name: 'test/end', transition: transition as Due['transition'], settles: !atTick };
  return { decider, dues: atTick ? [] : [due], tickDues: atTick ? [due] : [], maker: () => ({ type: 'Begin', data: {} }) };
};

let calls = 0;
const counting = (state: State): Instant | null => {
  calls++;
  return state.at && plus(state.at, 86_400_000);
};

/** One broken actor for each law: the proof that the law can fail. */
export const broken: Readonly<Record<keyof typeof laws, Subject>> = {
  settleTwice: subjectOf({ extra: () => calls, dueAt: counting }),
  nothingDue: subjectOf({ dueAt: (state) => (calls++ % 2 === 0 ? null : state.at && plus(state.at, 86_400_000)) }),
  movesOn: subjectOf({ evolve: (state, event) => ({ ...state, at: event.type === 'Begun' ? event.data.at : state.at }) }),
  laterTicks: subjectOf({ extra: () => calls, dueAt: counting }),
  tickTwice: subjectOf({ atTick: true, evolve: begun }),
  evolves: subjectOf({
    evolve: (state, event) => (event.type === 'Ended' && state.at === null ? (undefined as unknown as State) : begun(state, event)),
  }),
  survivesJson: subjectOf({ extra: () => new Date(0) as unknown as Json }),
  decidesAlike: subjectOf({ extra: () => calls++ }),
  bounded: subjectOf({ evolve: (state, event) => ({ ...begun(state, event), list: [...state.list, event.data.at] }) }),
};
