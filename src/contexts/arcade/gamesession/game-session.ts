import type { Wish } from '../../../core/command.ts';
import { accept, type Decision, defineDecider, ignore, reject } from '../../../core/decider.ts';
import type { GameSessionEvent, GameSessionState } from './events.ts';
import { gameSessionIntake } from './intake.ts';

type Start = Wish<'StartGame', { player: string; game: string; paymentId: string; microUsdc: number }>;
type Submit = Wish<'SubmitScore', { score: number }>;
type Void = Wish<'VoidGame', { paymentId: string }>;

export type GameSessionCommand = Start | Submit | Void;
export type GameSettings = { readonly games: readonly string[] };

const start = ({ data, asOf }: Start, state: GameSessionState, games: readonly string[]): Decision<GameSessionEvent> => {
  if (state.status !== 'none') return reject('game-already-started');
  if (!games.includes(data.game)) return reject('game-unknown', { games });
  const player = data.player.toLowerCase();
  const paymentId = data.paymentId.toLowerCase();
  const microUsdc = String(data.microUsdc);
  return accept('game-started', [{ type: 'GameSessionStarted', data: { player, game: data.game, paymentId, microUsdc, startedAt: asOf } }]);
};

const refusal = { none: 'game-not-started', completed: 'score-already-submitted', voided: 'payment-used' } as const;

const submit = ({ data, asOf }: Submit, state: GameSessionState): Decision<GameSessionEvent> => {
  if (state.status !== 'active') return reject(refusal[state.status]);
  const { player, game } = state;
  return accept('score-submitted', [{ type: 'ScoreSubmitted', data: { player, game, score: data.score, at: asOf } }]);
};

const evolve = (state: GameSessionState, event: GameSessionEvent): GameSessionState => {
  if (event.type === 'GameSessionStarted') return { status: 'active', player: event.data.player, game: event.data.game };
  if (state.status === 'none') return state;
  return { ...state, status: event.type === 'ScoreSubmitted' ? 'completed' : 'voided' };
};

/** One paid game: started once, one score. Its expiry comes with checklist A3. */
export const gameSessionDecider = (settings: GameSettings) =>
  defineDecider<GameSessionState, GameSessionCommand, GameSessionEvent>({
    category: 'arcade.gamesession',
    initial: { status: 'none' },
    events: ['GameSessionStarted', 'ScoreSubmitted', 'GameSessionVoided'],
    intake: gameSessionIntake,
    decide: (command, state) => {
      if (command.type === 'StartGame') return start(command, state, settings.games);
      if (command.type === 'SubmitScore') return submit(command, state);
      if (state.status !== 'active') return ignore(`game-${state.status}`);
      return accept('payment-used', [{ type: 'GameSessionVoided', data: command.data }]);
    },
    evolve,
  });
