import { expect, it } from 'vitest';
import { at, commitOf, type Open, place, players, sample, useReadModels } from './harness.ts';

export const reopening = (open: Open): void => {
  const { models, reopen } = useReadModels(open);
  it('gives the same rows, checkpoint and hash', async () => {
    await models().open(sample(), 'live');
    await models().commit(commitOf(null, 7, { places: [place('b', 'ann', 1, { extra: { a: [1] } })] }));
    const hash = await models().hash('sample', 'live');
    await reopen();
    expect(await models().open(sample(), 'live')).toBe(at(7));
    expect(await models().list('places', { limit: 10 })).toEqual([place('b', 'ann', 1, { extra: { a: [1] } })]);
    expect(await models().hash('sample', 'live')).toBe(hash);
    await models().passed('sample', at(7));
  });

  it('gives what was swapped in', async () => {
    await models().open(sample(), 'live');
    await models().commit(commitOf(null, 2, { places: [place('b', 'old', 1)] }));
    await models().open(sample(), 'rebuild');
    await models().commit(commitOf(null, 2, { build: 'rebuild', places: [place('b', 'new', 1)] }));
    await models().swap('sample');
    await reopen();
    expect(await models().open(sample(), 'live')).toBe(at(2));
    expect(players(await models().list('places', { limit: 10 }))).toEqual(['new']);
  });

  it('with another version starts anew, without the rows of before', async () => {
    await models().open(sample(), 'live');
    await models().commit(commitOf(null, 7, { places: [place('b', 'ann', 1)] }));
    await reopen();
    expect(await models().open(sample(2), 'live')).toBeNull();
    expect(await models().list('places', { limit: 10 })).toEqual([]);
    await models().commit(commitOf(null, 1, { places: [place('b', 'bob', 1)] }));
    await reopen();
    expect(await models().open(sample(2), 'live')).toBe(at(1));
    expect(players(await models().list('places', { limit: 10 }))).toEqual(['bob']);
  });

  it('waiting ends when they are closed', async () => {
    await models().open(sample(), 'live');
    const waiting = models().passed('sample', at(1));
    await reopen();
    await waiting;
  });

  it('with another version that has other tables starts anew', async () => {
    await models().open(sample(), 'live');
    await models().commit(commitOf(null, 7, { counts: [{ n: 1, word: 'one' }] }));
    await reopen();
    const other = { ...sample(2), tables: [{ name: 'words', columns: { word: 'text' as const }, key: ['word'] }] };
    expect(await models().open(other, 'live')).toBeNull();
    expect(await models().list('words', { limit: 1 })).toEqual([]);
    await expect(models().list('counts', { limit: 1 })).rejects.toMatchObject({ code: 'not-found' });
  });

  it('a table that two projections have is refused: readers name the table only', async () => {
    await models().open(sample(), 'live');
    const both = { code: 'definition-invalid', message: expect.stringMatching(/"sample" and "other" both have a table "places"/) };
    await expect(models().open({ ...sample(), name: 'other' }, 'live')).rejects.toMatchObject(both);
    expect(await models().open(sample(), 'live')).toBeNull();
  });
};
