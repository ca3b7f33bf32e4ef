import { beforeEach, expect, it } from 'vitest';
import type { Row } from '../../../src/core/projection.ts';
import { commitOf, type Open, place, players, sample, useReadModels } from './harness.ts';

export const reading = (open: Open): void => {
  const { models } = useReadModels(open);
  const rows = [
    place('a', 'ann', 10),
    place('a', 'bob', 20),
    place('a', 'cat', 20),
    place('a', 'dan', 20),
    place('a', 'eve', 30),
    place('b', 'ann', 5),
    place('b', 'bob', 20),
  ];
  beforeEach(async () => {
    await models().open(sample(), 'live');
    await models().commit(
      commitOf(null, 1, {
        places: [...rows].reverse(),
        counts: [
          { n: 10, word: 'ten' },
          { n: 9, word: 'nine' },
        ],
      }),
    );
  });

  it('get answers in the order of the keys, with null where there is no row', async () => {
    const found = await models().get('places', [
      ['a', 'eve'],
      ['z', 'ann'],
      ['a', 'ann'],
      ['a', 'eve'],
    ]);
    expect(found).toEqual([rows[4], null, rows[0], rows[4]]);
    expect(await models().get('places', [])).toEqual([]);
    expect(await models().get('counts', [[9], [1], [10]])).toEqual([{ n: 9, word: 'nine' }, null, { n: 10, word: 'ten' }]);
  });

  it('a table of nobody is not-found', async () => {
    await expect(models().get('nowhere', [['a']])).rejects.toMatchObject({ code: 'not-found' });
    await expect(models().list('nowhere', { limit: 1 })).rejects.toMatchObject({ code: 'not-found' });
  });

  it('list goes along the key, in both directions, integers as numbers', async () => {
    expect(await models().list('places', { limit: 100 })).toEqual(rows);
    expect(await models().list('places', { limit: 100, descending: true })).toEqual([...rows].reverse());
    expect(await models().list('places', { limit: 2 })).toEqual(rows.slice(0, 2));
    expect((await models().list('counts', { limit: 10 })).map((row) => row.n)).toEqual([9, 10]);
  });

  it('where fixes leading columns; from and to bound the next one, both inclusive', async () => {
    const list = async (query: object): Promise<unknown[]> =>
      players(await models().list('places', { limit: 100, where: { board: 'a' }, ...query }));
    expect(await list({})).toEqual(['ann', 'bob', 'cat', 'dan', 'eve']);
    expect(await list({ from: 'bob', to: 'dan' })).toEqual(['bob', 'cat', 'dan']);
    expect(await list({ from: 'bob', to: 'dan', descending: true })).toEqual(['dan', 'cat', 'bob']);
    const along = { index: ['board', 'score'] };
    expect(await list({ ...along, from: 20 })).toEqual(['bob', 'cat', 'dan', 'eve']);
    expect(await list({ ...along, to: 20 })).toEqual(['ann', 'bob', 'cat', 'dan']);
    expect(await list({ ...along, from: 11, to: 29, descending: true })).toEqual(['dan', 'cat', 'bob']);
    expect(await list({ ...along, where: { board: 'a', score: 20 } })).toEqual(['bob', 'cat', 'dan']);
    expect((await models().list('places', { limit: 9, from: 'b' })).map((row) => row.board)).toEqual(['b', 'b']);
    expect((await models().list('places', { limit: 9, index: ['player'], where: { player: 'ann' } })).map((row) => row.board)).toEqual([
      'a',
      'b',
    ]);
  });

  it.each([
    ['the key', {}],
    ['the key under where', { where: { board: 'a' } }],
    ['an index with ties', { index: ['board', 'score'], where: { board: 'a' } }],
    ['an index with ties, bounded', { index: ['board', 'score'], where: { board: 'a' }, from: 20, to: 30 }],
    ['an index without where', { index: ['player'] }],
  ])('pages along %s leave nothing out and repeat nothing, in both directions', async (_name, query) => {
    for (const descending of [false, true]) {
      const whole = await models().list('places', { ...query, descending, limit: 100 });
      for (const limit of [1, 2, 3]) {
        const paged: Row[] = [];
        for (let after: Row | undefined; ; ) {
          const page = await models().list('places', { ...query, descending, limit, ...(after === undefined ? {} : { after }) });
          paged.push(...page);
          after = page.at(-1);
          if (page.length < limit) break;
        }
        expect(paged).toEqual(whole);
      }
    }
  });

  it('count counts what where, from and to leave', async () => {
    expect(await models().count('places', {})).toBe(7);
    expect(await models().count('places', { where: { board: 'b' } })).toBe(2);
    expect(await models().count('places', { index: ['board', 'score'], where: { board: 'a' }, from: 20, to: 20 })).toBe(3);
    expect(await models().count('places', { where: { board: 'z' } })).toBe(0);
  });

  it('every cell comes back as it went in, JSON too', async () => {
    const odd = [
      place('o', '1', null, { note: '', extra: { list: [1, 'two', null, { deep: true }], text: 'ü "quoted" \u0000 \u{1f514}' } }),
      place('o', '2', 0, { note: 'null', extra: 'text' }),
      place('o', '3', -1, { note: "'; DROP TABLE places; --", extra: 0 }),
      place('o', '4', Number.MAX_SAFE_INTEGER, { extra: false }),
      place('o', '5', 1, { extra: [] }),
      place('o', '6', 1, { extra: null }),
      place('o', '7', 1, { extra: 'null' }),
    ];
    await models().commit(commitOf(1, 2, { places: odd }));
    expect(await models().list('places', { where: { board: 'o' }, limit: 10 })).toEqual(odd);
    expect(
      await models().get(
        'places',
        odd.map((row) => ['o', String(row.player)]),
      ),
    ).toEqual(odd);
  });

  it('text is ordered by its code points, whatever the language', async () => {
    const boards = ['', ' ', '-', '0', '10', '9', 'B', 'Z', 'a', 'a-', 'ab', '\u00e4', '\u4e2d', '\uffff'];
    await models().commit(commitOf(1, 2, { removeWheres: [{ table: 'places', column: 'board', value: 'a' }] }));
    await models().commit(commitOf(2, 3, { removeWheres: [{ table: 'places', column: 'board', value: 'b' }] }));
    await models().commit(commitOf(3, 4, { places: [...boards].reverse().map((board) => place(board, 'ann', 1)) }));
    expect((await models().list('places', { limit: 100 })).map((row) => row.board)).toEqual(boards);
    expect((await models().list('places', { limit: 100, from: 'a', to: 'a\uffff' })).map((row) => row.board)).toEqual(['a', 'a-', 'ab']);
  });
};
