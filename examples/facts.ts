import { writeFileSync } from 'node:fs';
import { arcadeFacts } from './facts/arcade.ts';
import { diceOf } from './facts/clock.ts';
import { givingFacts } from './facts/giving.ts';
import { quizFacts } from './facts/quiz.ts';

/**
 * Makes examples/long-weekend.ndjson: commands for the three contexts over a long weekend, Friday 2026-01-23 to Tuesday
 * 2026-01-27, in order of time. All ids are made up. Run by hand: node examples/facts.ts
 */
export const longWeekend = (): string => {
  const facts = [...givingFacts(diceOf(23), 620), ...arcadeFacts(diceOf(24), 440), ...quizFacts(diceOf(25), 130)];
  const inOrder = facts
    .map((fact, index) => ({ fact, index }))
    .sort((a, b) => (a.fact.asOf < b.fact.asOf ? -1 : a.fact.asOf > b.fact.asOf ? 1 : a.index - b.index));
  const lines = inOrder.map(({ fact }, place) => JSON.stringify({ id: `long-weekend-${String(place + 1).padStart(4, '0')}`, ...fact }));
  return `${lines.join('\n')}\n`;
};

if (import.meta.main) writeFileSync(new URL('./long-weekend.ndjson', import.meta.url), longWeekend());
