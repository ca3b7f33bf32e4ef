import { type Instant, instant, later, plus } from '../../src/core/instant.ts';
import { periodAt } from '../../src/core/period.ts';
import { firstDue } from '../../src/core/settle.ts';
import { type History, type Played, play, type Step, type Subject, stepped } from './play.ts';
import { type Random, randomOf } from './random.ts';

const gaps = [0, 0, 1, 1_000, 600_000, 3_600_000, 5 * 3_600_000, 86_399_999, 86_400_000, 2 * 86_400_000, 3 * 86_400_000];
const first = instant('2026-01-23T00:00:00Z');

/** An instant at or after `last`: often one where rules change their mind, such as a midnight or a due instant. */
const nextInstant = (random: Random, subject: Subject, last: Instant, actor: Played): Instant => {
  const due = firstDue(subject.dues, actor.state)?.at ?? last;
  const wanted = random.pick([
    plus(last, random.pick(gaps)),
    plus(last, random.below(40 * 3_600_000)),
    plus(due, random.below(3) - 1),
    plus(periodAt('daily', last).endsAt, random.below(3) - 1),
  ]);
  return later(wanted, last);
};

const tried = <T>(run: () => T): T | null => {
  try {
    return run();
  } catch {
    return null;
  }
};

/** A random life of one actor: commands and ticks in order of time, up to a step that throws: the laws find why. */
export const historyOf = (subject: Subject, seed: number, length: number): History => {
  const random = randomOf(seed);
  const start = plus(first, random.below(3) * 86_400_000 + random.pick([0, 0, 36_000_000, 86_399_999]));
  const steps: Step[] = [];
  let actor = play(subject, []);
  let last = start;
  for (let index = 0; index < length; index++) {
    last = nextInstant(random, subject, last, actor);
    const step: Step = random.chance(0.3)
      ? { kind: 'tick', at: last }
      : { kind: 'command', wish: { ...subject.maker(random, last, start), asOf: last } };
    const next = tried(() => stepped(subject, actor, step));
    if (next === null) break;
    steps.push(step);
    actor = next;
  }
  return { seed, steps, end: plus(last, 30 * 86_400_000) };
};

/** The same commands, each tick at a later instant or not at all, as after an outage. */
export const ticksMovedLater = ({ seed, steps, end }: History): Step[] => {
  const random = randomOf(seed ^ 0x5eed);
  const moved = steps.map((step, index): { step: Step; at: string } => {
    if (step.kind === 'command') return { step, at: `${step.wish.asOf} ${String(index).padStart(6, '0')}` };
    const at = random.chance(0.3) ? end : plus(step.at, random.pick(gaps) + random.below(1000));
    return { step: { kind: 'tick', at }, at: `${at} ${String(index).padStart(6, '0')}` };
  });
  return moved.sort((a, b) => (a.at < b.at ? -1 : 1)).map(({ step }) => step);
};
