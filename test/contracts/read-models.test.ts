import { readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { expect, it, onTestFinished } from 'vitest';
import { openSqliteReadModels } from '../../src/adapters/sqlite/read-models.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';
import { commitOf, place, sample } from './read-models/harness.ts';
import { readModelsContract } from './read-models.ts';

readModelsContract('sqlite', async () => {
  const folder = await temporaryFolder();
  let readModels = openSqliteReadModels({ file: folder.path('models.db') });
  return {
    readModels,
    reopen: async () => {
      await readModels.close();
      readModels = openSqliteReadModels({ file: folder.path('models.db') });
      return readModels;
    },
    close: async () => {
      await readModels.close();
      await folder.remove();
    },
  };
});

const folderOfTest = async (): Promise<TemporaryFolder> => {
  const folder = await temporaryFolder();
  onTestFinished(() => folder.remove());
  return folder;
};

it('sqlite: an unreadable checkpoint is projection-corrupt, and names the projection; rebuilding it mends it', async () => {
  const file = (await folderOfTest()).path('models.db');
  const first = openSqliteReadModels({ file });
  await first.open(sample(), 'live');
  await first.commit(commitOf(null, 3, { places: [place('b', 'ann', 1)] }));
  await first.close();
  const db = new DatabaseSync(file);
  db.exec("UPDATE builds SET checkpoint = 'half a pos' WHERE projection = 'sample'");
  db.close();
  const second = openSqliteReadModels({ file });
  const corrupt = { code: 'projection-corrupt', facts: { projection: 'sample' } };
  await expect(second.checkpoint('sample')).rejects.toMatchObject(corrupt);
  await expect(second.open(sample(), 'live')).rejects.toMatchObject(corrupt);
  await second.open(sample(), 'rebuild');
  await second.commit(commitOf(null, 3, { build: 'rebuild', places: [place('b', 'ann', 1)] }));
  await second.swap('sample');
  expect(await second.open(sample(), 'live')).toBe('0000000000000003');
  await second.close();
});

it('sqlite: tables of builds that were left, and of older versions, are gone from the file', async () => {
  const file = (await folderOfTest()).path('models.db');
  const models = openSqliteReadModels({ file });
  const tables = (): string[] => {
    const db = new DatabaseSync(file, { readOnly: true });
    const rows = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'places%'").all();
    db.close();
    return rows.map((row) => String(row.name));
  };
  await models.open(sample(), 'live');
  await models.commit(commitOf(null, 1, { places: [place('b', 'ann', 1)] }));
  for (let turn = 0; turn < 3; turn++) await models.open(sample(), 'rebuild');
  expect(tables()).toHaveLength(2);
  await models.open(sample(2), 'live');
  expect(tables()).toHaveLength(2);
  await models.open(sample(2), 'rebuild');
  await models.swap('sample');
  expect(tables()).toHaveLength(1);
  await models.close();
});

it('sqlite: a rebuild that ended with its process is gone at the next start, with the rows that nobody would erase from it', async () => {
  const file = (await folderOfTest()).path('models.db');
  const first = openSqliteReadModels({ file });
  await first.open(sample(), 'live');
  await first.open(sample(), 'rebuild');
  await first.commit(commitOf(null, 3, { build: 'rebuild', places: [place('b', 'ann', 1)] }));
  await first.close();
  const second = openSqliteReadModels({ file });
  await second.open(sample(), 'live');
  await second.close();
  const db = new DatabaseSync(file, { readOnly: true });
  expect(db.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE name LIKE 'places%' AND type = 'table'").get()?.n).toBe(1);
  expect(db.prepare('SELECT build FROM builds').all()).toEqual([{ build: 'live' }]);
  db.close();
});

it('sqlite: a table that a new version has not any more is gone from the file', async () => {
  const file = (await folderOfTest()).path('models.db');
  const models = openSqliteReadModels({ file });
  const { tables, ...more } = sample();
  await models.open(sample(), 'live');
  await models.commit(commitOf(null, 3, { counts: [{ n: 1, word: 'one' }] }));
  await models.open({ ...more, version: 2, tables: tables.slice(0, 1) }, 'live');
  await models.close();
  const db = new DatabaseSync(file, { readOnly: true });
  expect(db.prepare("SELECT name FROM sqlite_schema WHERE name LIKE 'counts%'").all()).toEqual([]);
  db.close();
});

it('sqlite: a purge reaches the rows of projections that are not in the code any more', async () => {
  const file = (await folderOfTest()).path('models.db');
  const first = openSqliteReadModels({ file });
  await first.open(sample(), 'live');
  await first.commit(commitOf(null, 3, { places: [place('b', 'canary-of-a-person', 1)] }));
  await first.close();
  const second = openSqliteReadModels({ file });
  await second.open({ name: 'other', version: 1, tables: [], apply: () => undefined }, 'live');
  await second.purge();
  expect(readFileSync(file).includes('canary-of-a-person')).toBe(false);
  expect(await second.checkpoint('sample')).toBeNull();
  expect(await second.open(sample(), 'live')).toBeNull();
  await second.close();
});

it('sqlite: a file from before table names were kept opens as it is, and its tables go with the next version', async () => {
  const file = (await folderOfTest()).path('models.db');
  const first = openSqliteReadModels({ file });
  await first.open(sample(), 'live');
  await first.commit(commitOf(null, 3, { places: [place('b', 'ann', 1)] }));
  await first.close();
  const old = new DatabaseSync(file);
  old.exec('ALTER TABLE builds DROP COLUMN tables; PRAGMA user_version=1');
  old.close();
  const second = openSqliteReadModels({ file });
  expect(await second.open(sample(), 'live')).toBe('0000000000000003');
  expect(await second.list('places', { limit: 9 })).toEqual([place('b', 'ann', 1)]);
  await second.open(sample(2), 'live');
  await second.close();
  const db = new DatabaseSync(file, { readOnly: true });
  expect(db.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE name LIKE 'places%' AND type = 'table'").get()?.n).toBe(1);
  db.close();
});

it('sqlite: others have their turn while many rows are written, read and hashed', async () => {
  const models = openSqliteReadModels({ file: ':memory:' });
  await models.open(sample(), 'live');
  const places = Array.from({ length: 1_000 }, (_, n) => place('b', `p${n}`, n));
  /** How often others had their turn meanwhile. */
  const turnsOf = async (work: () => Promise<unknown>): Promise<number> => {
    let turns = 0;
    let over = false;
    const turn = (): void => {
      turns += 1;
      if (!over) setImmediate(turn);
    };
    setImmediate(turn);
    await work();
    over = true;
    return turns;
  };
  const commits = async (): Promise<void> => {
    for (let n = 0; n < 5; n++)
      await models.commit(commitOf(n === 0 ? null : n, n + 1, { places: places.map((row) => ({ ...row, board: `b${n}` })) }));
  };
  expect(await turnsOf(commits)).toBeGreaterThanOrEqual(4);
  expect(await turnsOf(() => models.hash('sample', 'live'))).toBeGreaterThanOrEqual(2);
  const reads = async (): Promise<void> => {
    for (let n = 0; n < 5; n++) {
      await models.list('places', { where: { board: `b${n}` }, limit: 1_000 });
      await models.get(
        'places',
        places.map((row) => [`b${n}`, row.player as string]),
      );
    }
  };
  expect(await turnsOf(reads)).toBeGreaterThanOrEqual(8);
  await models.close();
});
