import { beforeEach, expect, it } from 'vitest';
import { at, commitOf, type Open, place, players, sample, useReadModels } from './harness.ts';

export const rebuilding = (open: Open): void => {
  const { models } = useReadModels(open);
  beforeEach(async () => {
    await models().open(sample(), 'live');
    await models().commit(commitOf(null, 4, { places: [place('b', 'ann', 1), place('b', 'bob', 2)] }));
    expect(await models().open(sample(), 'rebuild')).toBeNull();
  });

  it('fills tables beside the live ones; readers see the live ones until the swap', async () => {
    await models().commit(commitOf(null, 4, { build: 'rebuild', places: [place('b', 'new', 9)] }));
    expect(players(await models().list('places', { limit: 10 }))).toEqual(['ann', 'bob']);
    expect(await models().get('places', [['b', 'new']])).toEqual([null]);
    expect(
      await models().get(
        'places',
        [
          ['b', 'new'],
          ['b', 'ann'],
        ],
        'rebuild',
      ),
    ).toEqual([place('b', 'new', 9), null]);
    expect(await models().checkpoint('sample')).toBe(at(4));
    await models().swap('sample');
    expect(players(await models().list('places', { limit: 10 }))).toEqual(['new']);
  });

  it('the swap is one step: rows and checkpoint change together, and live goes on from there', async () => {
    await models().commit(commitOf(null, 6, { build: 'rebuild', places: [place('b', 'new', 9)] }));
    const reads = [models().list('places', { limit: 10 }), models().swap('sample'), models().list('places', { limit: 10 })] as const;
    const [before, , after] = await Promise.all(reads);
    expect([players(before), players(after)]).toEqual([['ann', 'bob'], ['new']]);
    expect(await models().checkpoint('sample')).toBe(at(6));
    await models().passed('sample', at(6));
    await expect(models().commit(commitOf(4, 7))).rejects.toMatchObject({ code: 'projection-fenced' });
    await models().commit(commitOf(6, 7, { places: [place('b', 'more', 1)] }));
    expect(await models().count('places', {})).toBe(2);
    await expect(models().swap('sample')).rejects.toMatchObject({ code: 'not-found' });
  });

  it('live goes on while a rebuild is filled; each has its own checkpoint', async () => {
    await models().commit(commitOf(null, 2, { build: 'rebuild', places: [place('b', 'ann', 1)] }));
    await models().commit(commitOf(4, 5, { places: [place('b', 'cat', 3)] }));
    await expect(models().commit(commitOf(4, 5, { build: 'rebuild' }))).rejects.toMatchObject({ code: 'projection-fenced' });
    await models().commit(commitOf(2, 5, { build: 'rebuild' }));
    expect(await models().checkpoint('sample')).toBe(at(5));
  });

  it('a rebuild that was left starts anew', async () => {
    await models().commit(commitOf(null, 2, { build: 'rebuild', places: [place('b', 'half', 1)] }));
    expect(await models().open(sample(), 'rebuild')).toBeNull();
    expect(await models().get('places', [['b', 'half']], 'rebuild')).toEqual([null]);
    expect(await models().count('places', {})).toBe(2);
  });

  it('the hash is equal when the rows are, in whatever order they came, and tells every difference', async () => {
    const live = await models().hash('sample', 'live');
    expect(live).toMatch(/^[0-9a-f]{64}$/);
    await models().commit(commitOf(null, 1, { build: 'rebuild', places: [place('b', 'bob', 2)] }));
    expect(await models().hash('sample', 'rebuild')).not.toBe(live);
    await models().commit(commitOf(1, 3, { build: 'rebuild', places: [place('b', 'ann', 1), place('b', 'gone', 1)] }));
    await models().commit(commitOf(3, 4, { build: 'rebuild', removes: [{ table: 'places', key: ['b', 'gone'] }] }));
    expect(await models().hash('sample', 'rebuild')).toBe(live);
    await models().commit(commitOf(4, 5, { build: 'rebuild', places: [place('b', 'ann', 1, { extra: 'null' })] }));
    expect(await models().hash('sample', 'rebuild')).not.toBe(live);
    await models().commit(commitOf(5, 6, { build: 'rebuild', places: [place('b', 'ann', 1)], counts: [{ n: 1, word: 'one' }] }));
    expect(await models().hash('sample', 'rebuild')).not.toBe(live);
  });

  it('opening the live ones again leaves a rebuild in hand alone', async () => {
    await models().commit(commitOf(null, 2, { build: 'rebuild', places: [place('b', 'new', 1)] }));
    expect(await models().open(sample(), 'live')).toBe(at(4));
    await models().commit(commitOf(2, 4, { build: 'rebuild' }));
    await models().swap('sample');
    expect(players(await models().list('places', { limit: 10 }))).toEqual(['new']);
  });

  it('the hash goes over all rows, however many there are', async () => {
    const many = Array.from({ length: 4_500 }, (_, n) => place(`b${n % 7}`, `p${n}`, n % 3, { extra: { n } }));
    await models().commit(commitOf(4, 5, { places: many }));
    const ann = [place('b', 'ann', 1), place('b', 'bob', 2)];
    await models().commit(commitOf(null, 5, { build: 'rebuild', places: [...many, ...ann].reverse() }));
    const live = await models().hash('sample', 'live');
    expect(await models().hash('sample', 'rebuild')).toBe(live);
    await models().commit(commitOf(5, 6, { build: 'rebuild', places: [{ ...many[3_333]!, note: 'x' }] }));
    expect(await models().hash('sample', 'rebuild')).not.toBe(live);
  });
};
