import type { Outcome } from '../simulate.ts';

/** What always belongs into a story: the ends and beginnings of processes, and what was wrong with the world. */
const landmarks = /PROBLEM| dies| starts| is up| is paused| goes on| stop|is away|is full|faults are off/;

/** The timeline of all processes, as far as it names `wanted`; without it, what the first problem names. */
export const timelineOf = (outcome: Outcome, wanted?: string): readonly string[] => {
  const text = outcome.problems[0]?.text ?? '';
  const names = wanted === undefined ? (text.match(/[\w./:@-]*[-@:/][\w./:@-]+/g) ?? []) : [wanted];
  return outcome.trace.filter((line) => names.some((name) => line.includes(name)) || landmarks.test(line));
};

export const describe = (outcome: Pick<Outcome, 'seed' | 'problems'>, more = 5): string => {
  const [first, ...others] = outcome.problems;
  const also = others.slice(0, more).map(({ invariant, text }) => `   also ${invariant}: ${text}`);
  return [`seed ${outcome.seed} FAILS: ${first?.invariant}: ${first?.text}`, ...also].join('\n');
};
