import { expect, it } from 'vitest';
import { at, commitOf, type Open, place, players, sample, useReadModels } from './harness.ts';

export const committing = (open: Open): void => {
  const { models } = useReadModels(open);
  it('a new projection stands nowhere; its first commit comes after null', async () => {
    expect(await models().checkpoint('sample')).toBeNull();
    expect(await models().open(sample(), 'live')).toBeNull();
    await models().commit(commitOf(null, 3, { places: [place('b', 'ann', 1)] }));
    expect(await models().checkpoint('sample')).toBe(at(3));
    expect(await models().open(sample(), 'live')).toBe(at(3));
  });

  it('rows and checkpoint go together: when one row cannot be written, nothing is', async () => {
    await models().open(sample(), 'live');
    await models().commit(commitOf(null, 1, { places: [place('b', 'ann', 1)] }));
    const broken = { ...commitOf(1, 2, { places: [place('b', 'bob', 2)], removes: [{ table: 'places', key: ['b', 'ann'] }] }) };
    const puts = [...broken.puts, { table: 'nowhere', row: { n: 1 } }];
    await expect(models().commit({ ...broken, puts })).rejects.toThrow();
    expect(players(await models().list('places', { limit: 10 }))).toEqual(['ann']);
    expect(await models().checkpoint('sample')).toBe(at(1));
    await models().commit(broken);
    expect(players(await models().list('places', { limit: 10 }))).toEqual(['bob']);
  });

  it('a second writer that did not see the last commit is fenced, and writes nothing', async () => {
    await models().open(sample(), 'live');
    await models().commit(commitOf(null, 5, { places: [place('b', 'ann', 1)] }));
    for (const previous of [null, 4, 6]) {
      const late = commitOf(previous, 9, { places: [place('b', 'ann', 99), place('b', 'eve', 99)], counts: [{ n: 1, word: 'one' }] });
      await expect(models().commit(late)).rejects.toMatchObject({ code: 'projection-fenced' });
    }
    expect(await models().list('places', { limit: 10 })).toEqual([place('b', 'ann', 1)]);
    expect(await models().count('counts', {})).toBe(0);
    expect(await models().checkpoint('sample')).toBe(at(5));
  });

  it('of two commits at once from the same place, one wins', async () => {
    await models().open(sample(), 'live');
    const results = await Promise.allSettled(
      ['ann', 'bob'].map((player) => models().commit(commitOf(null, 1, { places: [place('b', player, 1)] }))),
    );
    expect(results.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await models().count('places', {})).toBe(1);
  });

  it('removals go before puts, whichever kind they are', async () => {
    await models().open(sample(), 'live');
    await models().commit(commitOf(null, 1, { places: [place('b', 'ann', 1), place('b', 'bob', 2), place('c', 'cat', 3)] }));
    await models().commit(
      commitOf(1, 2, {
        places: [place('b', 'ann', 10), place('c', 'cat', 30)],
        removes: [{ table: 'places', key: ['c', 'cat'] }],
        removeWheres: [{ table: 'places', column: 'board', value: 'b' }],
      }),
    );
    expect(await models().list('places', { limit: 10 })).toEqual([place('b', 'ann', 10), place('c', 'cat', 30)]);
  });

  it('removeWhere drops every row with the value, along the key and along an index, and no other', async () => {
    await models().open(sample(), 'live');
    await models().commit(
      commitOf(null, 1, { places: [place('b', 'ann', 1), place('c', 'ann', 2), place('b', 'bob', 3), place('d', 'bob', 4)] }),
    );
    await models().commit(commitOf(1, 2, { removeWheres: [{ table: 'places', column: 'player', value: 'ann' }] }));
    expect(await models().list('places', { limit: 10 })).toEqual([place('b', 'bob', 3), place('d', 'bob', 4)]);
    await models().commit(commitOf(2, 3, { removeWheres: [{ table: 'places', column: 'board', value: 'b' }] }));
    expect(await models().list('places', { limit: 10 })).toEqual([place('d', 'bob', 4)]);
    await models().commit(commitOf(3, 4, { removeWheres: [{ table: 'places', column: 'board', value: 'nobody' }] }));
    expect(await models().count('places', {})).toBe(1);
  });

  it('removing a row that is not there is nothing', async () => {
    await models().open(sample(), 'live');
    await models().commit(commitOf(null, 1, { removes: [{ table: 'places', key: ['b', 'ann'] }] }));
    expect(await models().checkpoint('sample')).toBe(at(1));
  });

  it('a value that its column cannot hold is a TypeError, whose batch writes nothing', async () => {
    await models().open(sample(), 'live');
    const circle: { self?: unknown } = {};
    circle.self = circle;
    for (const odd of [{ score: { a: 1 } as never }, { note: ['x'] as never }, { extra: 1n as never }, { extra: circle as never }]) {
      const batch = commitOf(null, 1, { places: [place('b', 'ann', 1), place('b', 'bob', 2, odd)] });
      await expect(models().commit(batch)).rejects.toBeInstanceOf(TypeError);
      expect(await models().checkpoint('sample')).toBeNull();
      expect(await models().count('places', {})).toBe(0);
    }
    await models().commit(commitOf(null, 1, { places: [place('b', 'ann', 1)] }));
    expect(await models().count('places', {})).toBe(1);
  });
};
