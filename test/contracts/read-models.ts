import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Position } from '../../src/core/event.ts';
import { defineProjection, type Projection, type Row } from '../../src/core/projection.ts';
import type { Commit, ReadModels } from '../../src/ports/read-models.ts';

/** Read models to test. `reopen` closes them and opens others on the same data. */
export type OpenReadModels = { readonly readModels: ReadModels; reopen(): Promise<ReadModels>; close(): Promise<void> };

export const at = (place: number): Position => String(place).padStart(16, '0') as Position;

/** One table with a composite key and a column of each type, and one with a key of an integer. */
export const sample = (version = 1): Projection =>
  defineProjection({
    name: 'sample',
    version,
    tables: [
      {
        name: 'places',
        columns: { board: 'text', player: 'text', score: 'integer', note: 'text', extra: 'json' },
        key: ['board', 'player'],
        indexes: [['board', 'score'], ['player']],
      },
      { name: 'counts', columns: { n: 'integer', word: 'text' }, key: ['n'] },
    ],
    apply: () => undefined,
  });

export const place = (board: string, player: string, score: number | null, more: Row = {}): Row => ({
  board,
  player,
  score,
  note: null,
  extra: null,
  ...more,
});

type Change = Partial<Pick<Commit, 'build' | 'removes' | 'removeWheres'>> & {
  readonly places?: readonly Row[];
  readonly counts?: readonly Row[];
};

/** A commit of the sample from one place in the log to the next. */
export const commitOf = (previous: number | null, next: number, { places = [], counts = [], ...more }: Change = {}): Commit => ({
  projection: 'sample',
  build: 'live',
  puts: [...places.map((row) => ({ table: 'places', row })), ...counts.map((row) => ({ table: 'counts', row }))],
  removes: [],
  removeWheres: [],
  previous: previous === null ? null : at(previous),
  next: at(next),
  ...more,
});

const players = (rows: readonly Row[]): unknown[] => rows.map((row) => row.player);

/**
 * What all read models promise. An adapter joins with `readModelsContract('name', async () => ({ readModels, reopen, close }))`;
 * each test opens empty ones.
 */
export const readModelsContract = (name: string, open: () => Promise<OpenReadModels>): void => {
  describe(`read models: ${name}`, () => {
    let opened: OpenReadModels;
    let models: ReadModels;
    beforeEach(async () => {
      opened = await open();
      models = opened.readModels;
    });
    afterEach(() => opened.close());
    const reopen = async (): Promise<void> => {
      models = await opened.reopen();
    };

    describe('commits', () => {
      it('a new projection stands nowhere; its first commit comes after null', async () => {
        expect(await models.checkpoint('sample')).toBeNull();
        expect(await models.open(sample(), 'live')).toBeNull();
        await models.commit(commitOf(null, 3, { places: [place('b', 'ann', 1)] }));
        expect(await models.checkpoint('sample')).toBe(at(3));
        expect(await models.open(sample(), 'live')).toBe(at(3));
      });

      it('rows and checkpoint go together: when one row cannot be written, nothing is', async () => {
        await models.open(sample(), 'live');
        await models.commit(commitOf(null, 1, { places: [place('b', 'ann', 1)] }));
        const broken = { ...commitOf(1, 2, { places: [place('b', 'bob', 2)], removes: [{ table: 'places', key: ['b', 'ann'] }] }) };
        const puts = [...broken.puts, { table: 'nowhere', row: { n: 1 } }];
        await expect(models.commit({ ...broken, puts })).rejects.toThrow();
        expect(players(await models.list('places', { limit: 10 }))).toEqual(['ann']);
        expect(await models.checkpoint('sample')).toBe(at(1));
        await models.commit(broken);
        expect(players(await models.list('places', { limit: 10 }))).toEqual(['bob']);
      });

      it('a second writer that did not see the last commit is fenced, and writes nothing', async () => {
        await models.open(sample(), 'live');
        await models.commit(commitOf(null, 5, { places: [place('b', 'ann', 1)] }));
        for (const previous of [null, 4, 6]) {
          const late = commitOf(previous, 9, { places: [place('b', 'ann', 99), place('b', 'eve', 99)], counts: [{ n: 1, word: 'one' }] });
          await expect(models.commit(late)).rejects.toMatchObject({ code: 'projection-fenced' });
        }
        expect(await models.list('places', { limit: 10 })).toEqual([place('b', 'ann', 1)]);
        expect(await models.count('counts', {})).toBe(0);
        expect(await models.checkpoint('sample')).toBe(at(5));
      });

      it('of two commits at once from the same place, one wins', async () => {
        await models.open(sample(), 'live');
        const results = await Promise.allSettled(
          ['ann', 'bob'].map((player) => models.commit(commitOf(null, 1, { places: [place('b', player, 1)] }))),
        );
        expect(results.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected']);
        expect(await models.count('places', {})).toBe(1);
      });

      it('removals go before puts, whichever kind they are', async () => {
        await models.open(sample(), 'live');
        await models.commit(commitOf(null, 1, { places: [place('b', 'ann', 1), place('b', 'bob', 2), place('c', 'cat', 3)] }));
        await models.commit(
          commitOf(1, 2, {
            places: [place('b', 'ann', 10), place('c', 'cat', 30)],
            removes: [{ table: 'places', key: ['c', 'cat'] }],
            removeWheres: [{ table: 'places', column: 'board', value: 'b' }],
          }),
        );
        expect(await models.list('places', { limit: 10 })).toEqual([place('b', 'ann', 10), place('c', 'cat', 30)]);
      });

      it('removeWhere drops every row with the value, along the key and along an index, and no other', async () => {
        await models.open(sample(), 'live');
        await models.commit(
          commitOf(null, 1, { places: [place('b', 'ann', 1), place('c', 'ann', 2), place('b', 'bob', 3), place('d', 'bob', 4)] }),
        );
        await models.commit(commitOf(1, 2, { removeWheres: [{ table: 'places', column: 'player', value: 'ann' }] }));
        expect(await models.list('places', { limit: 10 })).toEqual([place('b', 'bob', 3), place('d', 'bob', 4)]);
        await models.commit(commitOf(2, 3, { removeWheres: [{ table: 'places', column: 'board', value: 'b' }] }));
        expect(await models.list('places', { limit: 10 })).toEqual([place('d', 'bob', 4)]);
        await models.commit(commitOf(3, 4, { removeWheres: [{ table: 'places', column: 'board', value: 'nobody' }] }));
        expect(await models.count('places', {})).toBe(1);
      });

      it('removing a row that is not there is nothing', async () => {
        await models.open(sample(), 'live');
        await models.commit(commitOf(null, 1, { removes: [{ table: 'places', key: ['b', 'ann'] }] }));
        expect(await models.checkpoint('sample')).toBe(at(1));
      });
    });

    describe('reading', () => {
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
        await models.open(sample(), 'live');
        await models.commit(
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
        const found = await models.get('places', [
          ['a', 'eve'],
          ['z', 'ann'],
          ['a', 'ann'],
          ['a', 'eve'],
        ]);
        expect(found).toEqual([rows[4], null, rows[0], rows[4]]);
        expect(await models.get('places', [])).toEqual([]);
        expect(await models.get('counts', [[9], [1], [10]])).toEqual([{ n: 9, word: 'nine' }, null, { n: 10, word: 'ten' }]);
      });

      it('a table of nobody is not-found', async () => {
        await expect(models.get('nowhere', [['a']])).rejects.toMatchObject({ code: 'not-found' });
        await expect(models.list('nowhere', { limit: 1 })).rejects.toMatchObject({ code: 'not-found' });
      });

      it('list goes along the key, in both directions, integers as numbers', async () => {
        expect(await models.list('places', { limit: 100 })).toEqual(rows);
        expect(await models.list('places', { limit: 100, descending: true })).toEqual([...rows].reverse());
        expect(await models.list('places', { limit: 2 })).toEqual(rows.slice(0, 2));
        expect((await models.list('counts', { limit: 10 })).map((row) => row.n)).toEqual([9, 10]);
      });

      it('where fixes leading columns; from and to bound the next one, both inclusive', async () => {
        const list = async (query: object): Promise<unknown[]> =>
          players(await models.list('places', { limit: 100, where: { board: 'a' }, ...query }));
        expect(await list({})).toEqual(['ann', 'bob', 'cat', 'dan', 'eve']);
        expect(await list({ from: 'bob', to: 'dan' })).toEqual(['bob', 'cat', 'dan']);
        expect(await list({ from: 'bob', to: 'dan', descending: true })).toEqual(['dan', 'cat', 'bob']);
        const along = { index: ['board', 'score'] };
        expect(await list({ ...along, from: 20 })).toEqual(['bob', 'cat', 'dan', 'eve']);
        expect(await list({ ...along, to: 20 })).toEqual(['ann', 'bob', 'cat', 'dan']);
        expect(await list({ ...along, from: 11, to: 29, descending: true })).toEqual(['dan', 'cat', 'bob']);
        expect(await list({ ...along, where: { board: 'a', score: 20 } })).toEqual(['bob', 'cat', 'dan']);
        expect((await models.list('places', { limit: 9, from: 'b' })).map((row) => row.board)).toEqual(['b', 'b']);
        expect((await models.list('places', { limit: 9, index: ['player'], where: { player: 'ann' } })).map((row) => row.board)).toEqual([
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
          const whole = await models.list('places', { ...query, descending, limit: 100 });
          for (const limit of [1, 2, 3]) {
            const paged: Row[] = [];
            for (let after: Row | undefined; ; ) {
              const page = await models.list('places', { ...query, descending, limit, ...(after === undefined ? {} : { after }) });
              paged.push(...page);
              after = page.at(-1);
              if (page.length < limit) break;
            }
            expect(paged).toEqual(whole);
          }
        }
      });

      it('count counts what where, from and to leave', async () => {
        expect(await models.count('places', {})).toBe(7);
        expect(await models.count('places', { where: { board: 'b' } })).toBe(2);
        expect(await models.count('places', { index: ['board', 'score'], where: { board: 'a' }, from: 20, to: 20 })).toBe(3);
        expect(await models.count('places', { where: { board: 'z' } })).toBe(0);
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
        await models.commit(commitOf(1, 2, { places: odd }));
        expect(await models.list('places', { where: { board: 'o' }, limit: 10 })).toEqual(odd);
        expect(
          await models.get(
            'places',
            odd.map((row) => ['o', String(row.player)]),
          ),
        ).toEqual(odd);
      });
    });

    describe('waiting', () => {
      beforeEach(async () => void (await models.open(sample(), 'live')));

      it('passed resolves on the commit that reaches the position, at once when it is past', async () => {
        const reached: number[] = [];
        const waits = [2, 5].map((position) => models.passed('sample', at(position)).then(() => reached.push(position)));
        await models.commit(commitOf(null, 1));
        expect(reached).toEqual([]);
        await models.commit(commitOf(1, 3));
        await waits[0];
        expect(reached).toEqual([2]);
        await models.commit(commitOf(3, 5));
        await waits[1];
        await models.passed('sample', at(4));
        expect(reached).toEqual([2, 5]);
      });

      it('passed resolves on abort, also when it was aborted before', async () => {
        const stop = new AbortController();
        const waiting = models.passed('sample', at(9), stop.signal);
        stop.abort();
        await waiting;
        await models.passed('sample', at(9), stop.signal);
        expect(await models.checkpoint('sample')).toBeNull();
      });

      it('a fenced commit wakes nobody, a rebuild neither', async () => {
        let woken = false;
        const stop = new AbortController();
        const waiting = models.passed('sample', at(2), stop.signal).then(() => {
          woken = true;
        });
        await expect(models.commit(commitOf(7, 9))).rejects.toMatchObject({ code: 'projection-fenced' });
        await models.open(sample(), 'rebuild');
        await models.commit(commitOf(null, 9, { build: 'rebuild' }));
        expect(woken).toBe(false);
        stop.abort();
        await waiting;
      });
    });

    describe('rebuilding', () => {
      beforeEach(async () => {
        await models.open(sample(), 'live');
        await models.commit(commitOf(null, 4, { places: [place('b', 'ann', 1), place('b', 'bob', 2)] }));
        expect(await models.open(sample(), 'rebuild')).toBeNull();
      });

      it('fills tables beside the live ones; readers see the live ones until the swap', async () => {
        await models.commit(commitOf(null, 4, { build: 'rebuild', places: [place('b', 'new', 9)] }));
        expect(players(await models.list('places', { limit: 10 }))).toEqual(['ann', 'bob']);
        expect(await models.get('places', [['b', 'new']])).toEqual([null]);
        expect(
          await models.get(
            'places',
            [
              ['b', 'new'],
              ['b', 'ann'],
            ],
            'rebuild',
          ),
        ).toEqual([place('b', 'new', 9), null]);
        expect(await models.checkpoint('sample')).toBe(at(4));
        await models.swap('sample');
        expect(players(await models.list('places', { limit: 10 }))).toEqual(['new']);
      });

      it('the swap is one step: rows and checkpoint change together, and live goes on from there', async () => {
        await models.commit(commitOf(null, 6, { build: 'rebuild', places: [place('b', 'new', 9)] }));
        const reads = [models.list('places', { limit: 10 }), models.swap('sample'), models.list('places', { limit: 10 })] as const;
        const [before, , after] = await Promise.all(reads);
        expect([players(before), players(after)]).toEqual([['ann', 'bob'], ['new']]);
        expect(await models.checkpoint('sample')).toBe(at(6));
        await models.passed('sample', at(6));
        await expect(models.commit(commitOf(4, 7))).rejects.toMatchObject({ code: 'projection-fenced' });
        await models.commit(commitOf(6, 7, { places: [place('b', 'more', 1)] }));
        expect(await models.count('places', {})).toBe(2);
        await expect(models.swap('sample')).rejects.toMatchObject({ code: 'not-found' });
      });

      it('live goes on while a rebuild is filled; each has its own checkpoint', async () => {
        await models.commit(commitOf(null, 2, { build: 'rebuild', places: [place('b', 'ann', 1)] }));
        await models.commit(commitOf(4, 5, { places: [place('b', 'cat', 3)] }));
        await expect(models.commit(commitOf(4, 5, { build: 'rebuild' }))).rejects.toMatchObject({ code: 'projection-fenced' });
        await models.commit(commitOf(2, 5, { build: 'rebuild' }));
        expect(await models.checkpoint('sample')).toBe(at(5));
      });

      it('a rebuild that was left starts anew', async () => {
        await models.commit(commitOf(null, 2, { build: 'rebuild', places: [place('b', 'half', 1)] }));
        expect(await models.open(sample(), 'rebuild')).toBeNull();
        expect(await models.get('places', [['b', 'half']], 'rebuild')).toEqual([null]);
        expect(await models.count('places', {})).toBe(2);
      });

      it('the hash is equal when the rows are, in whatever order they came, and tells every difference', async () => {
        const live = await models.hash('sample', 'live');
        expect(live).toMatch(/^[0-9a-f]{64}$/);
        await models.commit(commitOf(null, 1, { build: 'rebuild', places: [place('b', 'bob', 2)] }));
        expect(await models.hash('sample', 'rebuild')).not.toBe(live);
        await models.commit(commitOf(1, 3, { build: 'rebuild', places: [place('b', 'ann', 1), place('b', 'gone', 1)] }));
        await models.commit(commitOf(3, 4, { build: 'rebuild', removes: [{ table: 'places', key: ['b', 'gone'] }] }));
        expect(await models.hash('sample', 'rebuild')).toBe(live);
        await models.commit(commitOf(4, 5, { build: 'rebuild', places: [place('b', 'ann', 1, { extra: 'null' })] }));
        expect(await models.hash('sample', 'rebuild')).not.toBe(live);
        await models.commit(commitOf(5, 6, { build: 'rebuild', places: [place('b', 'ann', 1)], counts: [{ n: 1, word: 'one' }] }));
        expect(await models.hash('sample', 'rebuild')).not.toBe(live);
      });
    });

    describe('opening again', () => {
      it('gives the same rows, checkpoint and hash', async () => {
        await models.open(sample(), 'live');
        await models.commit(commitOf(null, 7, { places: [place('b', 'ann', 1, { extra: { a: [1] } })] }));
        const hash = await models.hash('sample', 'live');
        await reopen();
        expect(await models.open(sample(), 'live')).toBe(at(7));
        expect(await models.list('places', { limit: 10 })).toEqual([place('b', 'ann', 1, { extra: { a: [1] } })]);
        expect(await models.hash('sample', 'live')).toBe(hash);
        await models.passed('sample', at(7));
      });

      it('gives what was swapped in', async () => {
        await models.open(sample(), 'live');
        await models.commit(commitOf(null, 2, { places: [place('b', 'old', 1)] }));
        await models.open(sample(), 'rebuild');
        await models.commit(commitOf(null, 2, { build: 'rebuild', places: [place('b', 'new', 1)] }));
        await models.swap('sample');
        await reopen();
        expect(await models.open(sample(), 'live')).toBe(at(2));
        expect(players(await models.list('places', { limit: 10 }))).toEqual(['new']);
      });

      it('with another version starts anew, without the rows of before', async () => {
        await models.open(sample(), 'live');
        await models.commit(commitOf(null, 7, { places: [place('b', 'ann', 1)] }));
        await reopen();
        expect(await models.open(sample(2), 'live')).toBeNull();
        expect(await models.list('places', { limit: 10 })).toEqual([]);
        await models.commit(commitOf(null, 1, { places: [place('b', 'bob', 1)] }));
        await reopen();
        expect(await models.open(sample(2), 'live')).toBe(at(1));
        expect(players(await models.list('places', { limit: 10 }))).toEqual(['bob']);
      });

      it('waiting ends when they are closed', async () => {
        await models.open(sample(), 'live');
        const waiting = models.passed('sample', at(1));
        await reopen();
        await waiting;
      });
    });
  });
};
