import { describe, expect, it } from 'vitest';
import { contextDefinitions } from '../../src/contexts/index.ts';
import { buildRegistry } from '../../src/core/registry.ts';
import { broken } from './broken.ts';
import { historyOf } from './history.ts';
import { makers } from './makers.ts';
import { play, type Subject } from './play.ts';
import { type Law, laws, verdictOf } from './rules.ts';

const histories = Number(process.env.CARILLON_LAW_HISTORIES ?? 500);
const short = 16;
const long = 2_000;

const registry = buildRegistry(contextDefinitions.map((definition) => definition.build({})));
const categories = [...registry.deciders.keys()].filter((category) => !category.startsWith('engine.'));

const subjectOf = (category: string): Subject => {
  const [decider, maker, dues] = [registry.deciders.get(category), makers[category], registry.dues.get(category) ?? []];
  if (!decider || !maker) throw new Error(`test/laws/makers.ts has no maker for ${category}`);
  return { decider, maker, dues: dues.filter((due) => due.settles), tickDues: dues.filter((due) => !due.settles) };
};

const brokenBy = (law: Law, subject: Subject, count: number, length: number): string | null => {
  for (let seed = 1; seed <= count; seed++) {
    const verdict = verdictOf(law, subject, historyOf(subject, seed, length));
    if (verdict !== null) return `seed ${seed}: ${verdict}`;
  }
  return null;
};

const eventsOf = (subject: Subject, seed: number): string[] =>
  play(subject, historyOf(subject, seed, short).steps).events.map((event) => event.type);

describe.each(categories)('laws of %s', (category) => {
  const { bounded, ...everyHistory } = laws;
  it.each(Object.entries(everyHistory))('%s', (_name, law) => {
    expect(brokenBy(law, subjectOf(category), histories, short)).toBeNull();
  });
  it('bounded', () => {
    expect(brokenBy(bounded, subjectOf(category), 1, long)).toBeNull();
  });
  it('its random histories meet every declared event', () => {
    const subject = subjectOf(category);
    const seen = new Set<string>();
    for (let seed = 1; seed <= 200; seed++) for (const type of eventsOf(subject, seed)) seen.add(type);
    expect([...seen].sort()).toEqual([...subject.decider.events].sort());
  });
});

describe('each law can fail', () => {
  it.each(Object.entries(laws))('%s', (name, law) => {
    expect(brokenBy(law, broken[name as keyof typeof laws], 50, name === 'bounded' ? long : short)).toMatch(/^seed \d+: (?!threw)/);
  });
});
