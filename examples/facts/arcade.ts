import { plus } from '../../src/core/instant.ts';
import { type Dice, type Fact, hour, minute, on, second } from './clock.ts';

const games = ['snake', 'tetris', 'pong', 'breakout', 'space_invaders'];

type Game = { readonly id: string; readonly player: string; readonly game: string; readonly paymentId: string; readonly microUsdc: number };

const session = ({ id }: Game): string => `arcade.gamesession-${id}`;
const start = (game: Game, asOf: Fact['asOf']): Fact => {
  const { id: _id, ...data } = game;
  return { to: session(game), type: 'StartGame', data, asOf };
};
const submit = (game: Game, score: number, asOf: Fact['asOf']): Fact => ({ to: session(game), type: 'SubmitScore', data: { score }, asOf });

/** Wallet addresses; the same one is written in capitals now and then. */
const walletsOf = (dice: Dice, count: number): string[] => Array.from({ length: count }, () => `0x${dice.hex(12)}`);
const written = (dice: Dice, wallet: string): string => (dice.chance(0.2) ? `0x${wallet.slice(2).toUpperCase()}` : wallet);

/** Most games end with a score; on Saturday nobody finishes space_invaders, so that its daily pool rolls over. */
const ordinary = (dice: Dice, wallets: readonly string[], number: number): Fact[] => {
  const days = dice.pick([0, 1, 1, 2, 2, 3, 4]);
  const id = `${dice.hex(3)}${number.toString(16).padStart(3, '0')}`;
  const game = {
    id,
    player: written(dice, dice.pick(wallets)),
    game: dice.pick(games),
    paymentId: `pay-${id}`,
    microUsdc: dice.pick([10_000, 10_000, 20_000, 33_333]),
  };
  const startedAt = on(days, dice.timeOfDay() - hour);
  const unfinished = game.game === 'space_invaders' && days === 1;
  if (unfinished || dice.chance(0.08)) return [start(game, startedAt)];
  const score = dice.chance(0.03) ? 0 : 10 * (1 + dice.below(900));
  return [start(game, startedAt), submit(game, score, plus(startedAt, 30 * second + dice.below(9 * minute)))];
};

/** The edge cases of checklist A, each with an id that says what it shows. */
const told = (): Fact[] => {
  const of = (id: string, game: string, player: string, paymentId = `pay-${id}`): Game => ({
    id,
    player,
    game,
    paymentId,
    microUsdc: 10_000,
  });
  const evening = on(1, 20 * hour);
  const beforeMidnight = on(1, 24 * hour - 2 * minute);
  const [early, late] = [of('tie-first', 'pong', '0xbbbb0000beef'), of('tie-second', 'pong', '0xaaaa0000beef')];
  const midnight = of('score-at-midnight', 'tetris', '0xcccc0000beef');
  const twice = of('score-twice', 'snake', '0xdddd0000beef');
  const [paid, reused] = [
    of('payment-first', 'snake', '0xdddd0000beef', 'pay-used-twice'),
    of('payment-again', 'snake', '0xdddd0000beef', 'PAY-USED-TWICE'),
  ];
  return [
    start(early, evening),
    submit(early, 9_990, plus(evening, 5 * minute)),
    start(late, evening),
    submit(late, 9_990, plus(evening, 6 * minute)),
    start(midnight, beforeMidnight),
    submit(midnight, 9_995, on(2)),
    start(twice, evening),
    submit(twice, 120, plus(evening, minute)),
    submit(twice, 9_999, plus(evening, 2 * minute)),
    start(paid, evening),
    submit(paid, 130, plus(evening, minute)),
    start(reused, plus(evening, 10 * minute)),
    submit(reused, 9_999, plus(evening, 12 * minute)),
    submit(of('never-started', 'snake', '0xdddd0000beef'), 5, evening),
    start(of('unknown-game', 'chess', '0xdddd0000beef'), evening),
  ];
};

/** Games of the long weekend. */
export const arcadeFacts = (dice: Dice, count: number): Fact[] => {
  const wallets = walletsOf(dice, 60);
  return [...Array.from({ length: count }, (_, number) => ordinary(dice, wallets, number)).flat(), ...told()];
};
