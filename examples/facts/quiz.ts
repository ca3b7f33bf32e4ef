import { plus } from '../../src/core/instant.ts';
import { type Dice, type Fact, hour, minute, numbered, on } from './clock.ts';

const quiz = (player: string, xp: number, asOf: Fact['asOf']): Fact => ({
  to: `quiz.progress-${player}`,
  type: 'CompleteQuiz',
  data: { xp },
  asOf,
});
const protect = (player: string, asOf: Fact['asOf']): Fact => ({ to: `quiz.progress-${player}`, type: 'BuyProtection', data: {}, asOf });

/** Some play every day, some miss days, some only came on Friday; a few bought a protection. */
const ordinary = (dice: Dice, number: number): Fact[] => {
  const player = numbered('player', number + 1);
  const eager = dice.pick([0.2, 0.5, 0.8, 0.95]);
  const facts: Fact[] = [];
  for (let days = 0; days < 5; days++) {
    if (days > 0 && !dice.chance(eager)) continue;
    const rounds = 1 + dice.below(3);
    for (let round = 0; round < rounds; round++) facts.push(quiz(player, dice.pick([0, 10, 10, 20, 30, 50]), on(days, dice.timeOfDay())));
  }
  if (dice.chance(0.3)) facts.push(protect(player, on(0, dice.timeOfDay())));
  return facts;
};

/** The edge cases of checklist B2, each with an id that says what it shows. */
const told = (): Fact[] => {
  const friday = on(0, 10 * hour);
  return [
    quiz('kept-after-61-hours', 20, friday),
    quiz('kept-after-61-hours', 20, on(2, 23 * hour)),
    quiz('kept-at-48-hours', 20, on(0)),
    quiz('kept-at-48-hours', 20, on(2)),
    quiz('broken-on-monday', 20, friday),
    quiz('broken-by-midnight', 20, friday),
    quiz('broken-by-midnight', 20, on(3)),
    quiz('protected-once', 20, friday),
    protect('protected-once', plus(friday, minute)),
    quiz('protected-and-back', 20, friday),
    protect('protected-and-back', plus(friday, minute)),
    quiz('protected-and-back', 20, on(3, 9 * hour)),
    quiz('protections-full', 20, friday),
    ...[1, 2, 3].map((number) => protect('protections-full', plus(friday, number * minute))),
  ];
};

/** Quizzes of the long weekend. */
export const quizFacts = (dice: Dice, count: number): Fact[] => [
  ...Array.from({ length: count }, (_, number) => ordinary(dice, number)).flat(),
  ...told(),
];
