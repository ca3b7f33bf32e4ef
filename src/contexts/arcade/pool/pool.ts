import type { Wish } from '../../../core/command.ts';
import { accept, type Decision, defineDecider, ignore, reject } from '../../../core/decider.ts';
import type { PoolEvent, PoolName, PoolState, Score } from './events.ts';
import { leads } from './leader.ts';
import { poolAfter } from './pool-name.ts';

type Contribute = Wish<'AddContribution', { pool: PoolName; from: string; microUsdc: string }>;
type Consider = Wish<'ConsiderScore', { pool: PoolName; score: Score }>;

/** Sent by reactors, and by the job at the end of the period. */
export type PoolCommand = Contribute | Consider | Wish<'FinalizePool', Record<string, never>>;

export type PoolSettings = { readonly zone: string };

const nameOf = ({ game, period, key, endsAt }: PoolName): PoolName => ({ game, period, key, endsAt });

const opening = (pool: PoolName, state: PoolState): readonly PoolEvent[] =>
  state.status === 'none' ? [{ type: 'PoolOpened', data: pool }] : [];

/** Money is never refused: what meets a closed pool goes on to the next period by its own event (decision 4). */
const contribute = ({ data }: Contribute, state: PoolState, zone: string): Decision<PoolEvent> => {
  const { pool, from, microUsdc } = data;
  if (state.status === 'finalized') {
    return accept('closed-pool-rolls-money-on', [{ type: 'ContributionRolledOn', data: { from, microUsdc, to: poolAfter(state, zone) } }]);
  }
  return accept('contribution-added', [...opening(pool, state), { type: 'ContributionAdded', data: { from, microUsdc } }]);
};

/** A score that comes after the closing is refused, recorded (decision 21). */
const consider = ({ data }: Consider, state: PoolState): Decision<PoolEvent> => {
  const { pool, score } = data;
  if (state.status === 'finalized') return reject('pool-closed', { endsAt: state.endsAt });
  if (state.status === 'open' && !leads(score, state.leader)) return ignore('not-leading', { leader: state.leader });
  return accept('new-leader', [...opening(pool, state), { type: 'PoolLeaderChanged', data: score }]);
};

/** Checklist A1; a pool without a winner rolls over (decision 4). */
const finalize = (asOf: string, state: PoolState, zone: string): Decision<PoolEvent> => {
  if (state.status !== 'open') return ignore(state.status === 'none' ? 'no-pool' : 'already-finalized');
  const facts = { endsAt: state.endsAt };
  if (asOf < state.endsAt) return ignore('period-not-over', facts);
  const { leader, microUsdc } = state;
  const winner = { winner: leader?.player ?? null, score: leader?.score ?? null, session: leader?.session ?? null };
  const finalized: PoolEvent = { type: 'PoolFinalized', data: { ...nameOf(state), ...winner, microUsdc } };
  if (leader !== null || microUsdc === '0') return accept('period-ended', [finalized], facts);
  return accept(
    'period-ended-without-score',
    [finalized, { type: 'PoolRolledOver', data: { microUsdc, to: poolAfter(state, zone) } }],
    facts,
  );
};

const evolve = (state: PoolState, event: PoolEvent): PoolState => {
  if (event.type === 'PoolOpened') return { status: 'open', ...event.data, microUsdc: '0', leader: null };
  if (state.status === 'none') return state;
  switch (event.type) {
    case 'ContributionAdded':
      return { ...state, microUsdc: (BigInt(state.microUsdc) + BigInt(event.data.microUsdc)).toString() };
    case 'PoolLeaderChanged':
      return { ...state, leader: event.data };
    case 'PoolFinalized':
      return { ...state, status: 'finalized' };
    default:
      return state;
  }
};

/** The money and the leader of one game in one period; finalised from its own stream, never from a board (decision 21). */
export const poolDecider = (settings: PoolSettings) =>
  defineDecider<PoolState, PoolCommand, PoolEvent>({
    category: 'arcade.pool',
    initial: { status: 'none' },
    events: ['PoolOpened', 'ContributionAdded', 'PoolLeaderChanged', 'PoolFinalized', 'PoolRolledOver', 'ContributionRolledOn'],
    decide: (command, state) => {
      if (command.type === 'AddContribution') return contribute(command, state, settings.zone);
      if (command.type === 'ConsiderScore') return consider(command, state);
      return finalize(command.asOf, state, settings.zone);
    },
    evolve,
  });
