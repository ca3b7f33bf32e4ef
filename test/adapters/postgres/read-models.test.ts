import { expect, it, onTestFinished } from 'vitest';
import { openPostgresReadModels } from '../../../src/adapters/postgres/read-models.ts';
import { openSqliteReadModels } from '../../../src/adapters/sqlite/read-models.ts';
import { defineProjection } from '../../../src/core/projection.ts';
import { at, commitOf, place, players, sample } from '../../contracts/read-models/harness.ts';
import { connect, onPostgres, openModels } from './support.ts';

onPostgres('read models of several processes', (server) => {
  const two = async () => {
    const url = await server().createDatabase();
    const [writer, reader] = [await openModels(url), await openModels(url)];
    await writer.open(sample(), 'live');
    await reader.open(sample(), 'live');
    return { url, writer, reader };
  };

  it('passed sees the commits of another process, before and while it waits', async () => {
    const { writer, reader } = await two();
    await writer.commit(commitOf(null, 3, { places: [place('b', 'ann', 1)] }));
    await reader.passed('sample', at(3));
    let woken = false;
    const waiting = reader.passed('sample', at(5)).then(() => {
      woken = true;
    });
    await writer.commit(commitOf(3, 4));
    await reader.passed('sample', at(4));
    expect(woken).toBe(false);
    await writer.commit(commitOf(4, 5));
    await waiting;
    expect(players(await reader.list('places', { limit: 9 }))).toEqual(['ann']);
  });

  it('a swap of one is seen by the reads, the commits and the waiting of the other', async () => {
    const { writer, reader } = await two();
    await writer.commit(commitOf(null, 9, { places: [place('b', 'old', 1)] }));
    await reader.passed('sample', at(9));
    await writer.open(sample(), 'rebuild');
    await writer.commit(commitOf(null, 4, { build: 'rebuild', places: [place('b', 'new', 1)] }));
    await writer.swap('sample');
    expect(players(await reader.list('places', { limit: 9 }))).toEqual(['new']);
    expect(await reader.get('places', [['b', 'old']])).toEqual([null]);
    await expect(reader.commit(commitOf(9, 10))).rejects.toMatchObject({ code: 'projection-fenced' });
    const waiting = reader.passed('sample', at(9));
    await reader.commit(commitOf(4, 9, { places: [place('b', 'more', 2)] }));
    await waiting;
    expect(await writer.count('places', {})).toBe(2);
  });

  it('two that commit from the same place: one is fenced, and nothing of it is written', async () => {
    const { writer, reader } = await two();
    for (let n = 0; n < 20; n++) {
      const commit = (player: string) => commitOf(n === 0 ? null : n, n + 1, { places: [place('b', `${player}${n}`, n)] });
      const results = await Promise.allSettled([writer.commit(commit('w')), reader.commit(commit('r'))]);
      expect(results.filter((result) => result.status === 'rejected')).toMatchObject([{ reason: { code: 'projection-fenced' } }]);
    }
    expect(await reader.count('places', {})).toBe(20);
  });

  it('a rebuild in hand is left alone by others and theirs alone; one whose process ended is removed', async () => {
    const { url, reader } = await two();
    const rebuilding = await openPostgresReadModels({ url });
    await rebuilding.open(sample(), 'live');
    await rebuilding.open(sample(), 'rebuild');
    await rebuilding.commit(commitOf(null, 2, { build: 'rebuild', places: [place('b', 'half', 1)] }));
    await expect(reader.open(sample(), 'rebuild')).rejects.toMatchObject({ code: 'projection-fenced' });
    const late = await openModels(url);
    await late.open(sample(), 'live');
    await rebuilding.commit(commitOf(2, 3, { build: 'rebuild' }));
    await rebuilding.close();
    await (await openModels(url)).open(sample(), 'live');
    const client = await connect(url);
    expect((await client.query('SELECT build FROM carillon.builds')).rows).toEqual([{ build: 'live' }]);
    const tables = await client.query(`SELECT tablename FROM pg_tables WHERE schemaname = 'carillon_models'`);
    expect(tables.rowCount).toBe(2);
    await reader.open(sample(), 'rebuild');
    await reader.swap('sample');
  });

  it('several open a projection together, and all get the same tables', async () => {
    const url = await server().createDatabase();
    const all = await Promise.all(Array.from({ length: 4 }, () => openModels(url)));
    await Promise.all(all.map((models) => models.open(sample(), 'live')));
    await all[0]!.commit(commitOf(null, 1, { places: [place('b', 'ann', 1)] }));
    for (const models of all) expect(await models.count('places', {})).toBe(1);
  });

  it('an unreadable checkpoint is projection-corrupt, and names the projection', async () => {
    const { url, writer, reader } = await two();
    await writer.commit(commitOf(null, 3));
    const client = await connect(url);
    await client.query(`UPDATE carillon.builds SET checkpoint = 'half a pos'`);
    const corrupt = { code: 'projection-corrupt', facts: { projection: 'sample' } };
    await expect(reader.checkpoint('sample')).rejects.toMatchObject(corrupt);
    await expect(reader.open(sample(), 'live')).rejects.toMatchObject(corrupt);
    await reader.open(sample(), 'rebuild');
    await reader.swap('sample');
    expect(await writer.checkpoint('sample')).toBeNull();
  });
});

onPostgres('read models like those of SQLite', (server) => {
  const both = async () => {
    const sqlite = openSqliteReadModels({ file: ':memory:' });
    onTestFinished(() => sqlite.close());
    return [sqlite, await openModels(await server().createDatabase())] as const;
  };

  it('give the same hash for the same rows', async () => {
    const rows = Array.from({ length: 5_000 }, (_, n) =>
      place(['ä', 'a', 'Z', '\u{1f514}', '\uffff', ''][n % 6]!, `p${n}`, n % 5 === 0 ? null : (n % 3) - 1, {
        extra: { n, list: [null, 'ü'] },
      }),
    );
    const counts = [-5, 10, 9, Number.MAX_SAFE_INTEGER].map((n) => ({ n, word: String(n) }));
    const hashes = await Promise.all(
      (await both()).map(async (models) => {
        await models.open(sample(), 'live');
        await models.commit(commitOf(null, 1, { places: rows, counts }));
        return models.hash('sample', 'live');
      }),
    );
    expect(hashes[1]).toBe(hashes[0]);
  });

  it('put rows without a value in the same place, page through them alike, and take the last of two puts', async () => {
    const lists = await Promise.all(
      (await both()).map(async (models) => {
        await models.open(sample(), 'live');
        const scores = [3, null, 1, null, 2, 0];
        const puts = scores.map((score, n) => place('b', `p${n}`, score));
        await models.commit(commitOf(null, 1, { places: [place('b', 'p0', 99), ...puts] }));
        const along = { index: ['board', 'score'], where: { board: 'b' } };
        const up = await models.list('places', { ...along, limit: 9 });
        const down = await models.list('places', { ...along, limit: 9, descending: true });
        const bounded = await models.list('places', { ...along, limit: 9, from: 1 });
        const counted = await models.count('places', { ...along, to: 2 });
        return { up, down, bounded, counted };
      }),
    );
    expect(lists[1]).toEqual(lists[0]);
    expect(lists[1]!.up.map((row) => row.score)).toEqual([null, null, 0, 1, 2, 3]);
  });

  it('take a zero byte in a bound for the place just behind a value, and find no row that has one', async () => {
    const answers = await Promise.all(
      (await both()).map(async (models) => {
        await models.open(sample(), 'live');
        const places = ['a', 'b', 'b\u0001', 'ba', 'c'].map((board) => place(board, 'ann', 1));
        await models.commit(commitOf(null, 1, { places }));
        const boards = async (query: object) => (await models.list('places', { limit: 9, ...query })).map((row) => row.board);
        const found = [
          await boards({ from: 'b\0' }),
          await boards({ to: 'b\0' }),
          await boards({ from: 'b\0zzz', to: 'b\u0001\0', descending: true }),
          await boards({ where: { board: 'b\0' } }),
          await models.get('places', [['b\0', 'ann']]),
          await models.count('places', { from: 'b\0' }),
        ];
        const removes = [{ table: 'places', key: ['a\0', 'ann'] }];
        await models.commit(commitOf(1, 2, { removes, removeWheres: [{ table: 'places', column: 'board', value: 'c\0' }] }));
        return [...found, await boards({})];
      }),
    );
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[1]![0]).toEqual(['b\u0001', 'ba', 'c']);
  });

  it('text that PostgreSQL cannot hold, a key without a value and a key that is too long are TypeErrors', async () => {
    const models = await openModels(await server().createDatabase());
    await models.open(sample(), 'live');
    const noise = Array.from({ length: 9_000 }, (_, n) => String.fromCharCode(0x4e00 + ((n * 7919) % 20_000))).join('');
    for (const odd of [place('b', 'zero\0byte', 1), place('b', null as never, 1), place('b', noise, 1), place('b', 'x', 1.5)])
      await expect(models.commit(commitOf(null, 1, { places: [place('b', 'ann', 1), odd] }))).rejects.toBeInstanceOf(TypeError);
    expect(await models.count('places', {})).toBe(0);
  });

  it('a projection with long names has its own tables', async () => {
    const models = await openModels(await server().createDatabase());
    const long = (name: string) =>
      defineProjection({
        name,
        version: 1,
        tables: [
          { name: `${'long_'.repeat(20)}${name}`, columns: { id: 'text', n: 'integer' }, key: ['id'], indexes: [['n'], ['n', 'id']] },
        ],
        apply: () => undefined,
      });
    for (const name of ['one', 'two']) {
      const projection = long(name);
      await models.open(projection, 'live');
      const row = { id: name, n: 1 };
      const puts = [{ table: projection.tables[0]!.name, row }];
      await models.commit({ projection: name, build: 'live', puts, removes: [], removeWheres: [], previous: null, next: at(1) });
      expect(await models.list(projection.tables[0]!.name, { limit: 9 })).toEqual([row]);
    }
  });
});
