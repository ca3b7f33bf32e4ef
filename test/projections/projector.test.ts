import { expect, it } from 'vitest';
import { createMemoryEventStore } from '../../src/adapters/memory/event-store.ts';
import { openSqliteReadModels } from '../../src/adapters/sqlite/read-models.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import type { Instant } from '../../src/core/instant.ts';
import { defineProjection, type Row } from '../../src/core/projection.ts';
import type { Note } from '../../src/ports/observers.ts';
import type { ReadModels } from '../../src/ports/read-models.ts';
import { rebuild, verify } from '../../src/projections/rebuild.ts';
import { startTail } from '../../src/projections/tail.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { type Fact, noon, openProjection } from './support.ts';

type Count = { readonly word: string; readonly times: number };

/** Counts words, with one table more per sort; `boom` throws half way, `blind` before anything is read. */
const words = defineProjection({
  name: 'words',
  version: 1,
  tables: [
    { name: 'words', columns: { word: 'text', times: 'integer' }, key: ['word'] },
    { name: 'sorts', columns: { sort: 'text', word: 'text' }, key: ['sort', 'word'], indexes: [['word']] },
  ],
  types: ['Said', 'Boom', 'Blind', 'Unsaid'],
  categories: ['talk.word'],
  reads: (event) => {
    if (event.type === 'Blind') throw new Error('cannot even read it');
    return [{ table: 'words', key: [(event.data as Count).word] }];
  },
  apply: (event, rows) => {
    const { word } = event.data as Count;
    if (event.type === 'StreamErased') return rows.removeWhere('sorts', 'word', 'secret');
    if (event.type === 'Unsaid') {
      rows.remove('words', [word]);
      return rows.removeWhere('sorts', 'word', word);
    }
    const row = rows.get('words', [word]) as (Row & Count) | null;
    rows.put('words', { word, times: (row?.times ?? 0) + 1 });
    rows.put('sorts', { sort: word.slice(0, 1), word });
    if (event.type === 'Boom') {
      rows.removeWhere('sorts', 'sort', 'a');
      throw new Error('half way');
    }
  },
});

const said = (word: string, type = 'Said', stream = 'talk.word-1'): Fact => ({ stream, type, data: { word } });
const counts = async (opened: { rows(table: string): Promise<readonly Row[]> }): Promise<string[]> =>
  (await opened.rows('words')).map((row) => `${row.word} ${row.times}`);

it('a page sees its own writes, and the rows of pages before', async () => {
  const opened = await openProjection(words);
  await opened.feed(said('apple'), said('bell'), said('apple'));
  await opened.feed(said('apple'), said('cat'));
  expect(await counts(opened)).toEqual(['apple 3', 'bell 1', 'cat 1']);
});

it('a bad event leaves no rows, removes none, and the rest goes on', async () => {
  const opened = await openProjection(words);
  await opened.feed(said('apple'), said('apple', 'Boom'), said('zebra', 'Boom'), said('apple'), said('bell'));
  expect(await counts(opened)).toEqual(['apple 2', 'bell 1']);
  expect(await opened.rows('sorts')).toEqual([
    { sort: 'a', word: 'apple' },
    { sort: 'b', word: 'bell' },
  ]);
  expect(opened.bad.map(({ event, error }) => [event.revision, String(error)])).toEqual([
    [1, 'Error: half way'],
    [2, 'Error: half way'],
  ]);
  expect(await opened.readModels.checkpoint('words')).toBe('0000000000000005');
});

it('an event whose row cannot be stored is as bad, wherever it stands in the page, and is told once', async () => {
  const odd = defineProjection({
    ...words,
    types: ['Said'],
    apply: (event, rows) => {
      const { word } = event.data as Count;
      if (word === 'object') return rows.put('words', { word, times: { much: 1 } });
      if (word === 'keyless') return rows.put('words', { times: 1 });
      if (word === 'nowhere') return rows.put('nowhere', { word });
      if (word === 'column') return rows.removeWhere('nowhere', 'word', word);
      words.apply(event, rows);
    },
  });
  const opened = await openProjection(odd);
  const before = ['apple', 'object', 'bell', 'apple', 'keyless', 'nowhere', 'object', 'cat', 'column', 'apple'];
  await opened.feed(...before.map((word) => said(word)));
  expect(await counts(opened)).toEqual(['apple 3', 'bell 1', 'cat 1']);
  expect(opened.bad.map(({ event }) => event.revision).sort((x, y) => x - y)).toEqual([1, 4, 5, 6, 8]);
  expect(await opened.readModels.checkpoint('words')).toBe('0000000000000010');
  await opened.feed(said('object'));
  expect(await opened.readModels.checkpoint('words')).toBe('0000000000000011');
});

it('a row that is read from a table of nobody, or under half a key, costs its event only', async () => {
  const lost = defineProjection({
    ...words,
    reads: ({ data }) => {
      const { word } = data as Count;
      if (word === 'nowhere') return [{ table: 'nowhere', key: [word] }];
      return word === 'half' ? [{ table: 'sorts', key: [word] }] : [{ table: 'words', key: [word] }];
    },
  });
  const opened = await openProjection(lost);
  await opened.feed(said('apple'), said('nowhere'), said('half'), said('apple'));
  expect(await counts(opened)).toEqual(['apple 2']);
  expect(opened.bad.map(({ event }) => event.revision)).toEqual([1, 2]);
});

it('keys are told apart whatever stands in them', async () => {
  const pairs = [
    ['x\ny', 'z'],
    ['x', 'y\nz'],
    ['1:x', '1:x'],
    ['', 'x'],
    ['x', ''],
  ];
  const odd = defineProjection({ ...words, apply: (event, rows) => rows.put('sorts', event.data as Row) });
  const opened = await openProjection(odd);
  await opened.feed(...pairs.map(([sort, word]) => ({ stream: 'talk.word-1', type: 'Said', data: { sort: sort!, word: word! } })));
  expect(await opened.rows('sorts')).toHaveLength(pairs.length);
});

it('an event whose rows cannot even be named is as bad, and holds nothing up', async () => {
  const opened = await openProjection(words);
  await opened.feed(said('apple'), said('bell', 'Blind'), said('cat'));
  expect(await counts(opened)).toEqual(['apple 1', 'cat 1']);
  expect(opened.bad.map(({ event }) => event.type)).toEqual(['Blind']);
});

it('a row removed and written again in one page is there, one written and removed is not', async () => {
  const opened = await openProjection(words);
  await opened.feed(said('apple'), said('apple'), said('bell'));
  await opened.feed(said('apple', 'Unsaid'), said('apple'), said('cat'), said('cat', 'Unsaid'), said('bell', 'Unsaid'));
  expect(await counts(opened)).toEqual(['apple 1']);
  expect(await opened.rows('sorts')).toEqual([{ sort: 'a', word: 'apple' }]);
});

it('types and categories keep others out; StreamErased comes through both', async () => {
  const opened = await openProjection(words);
  await opened.feed(said('secret'), said('apple', 'Other'), said('bell', 'Said', 'talk.other-1'), said('cat'));
  await opened.feed({ stream: 'elsewhere.thing-1', type: 'StreamErased', data: { word: '' } });
  expect(await counts(opened)).toEqual(['cat 1', 'secret 1']);
  expect(await opened.rows('sorts')).toEqual([{ sort: 'c', word: 'cat' }]);
});

it('an empty page only moves the checkpoint', async () => {
  const opened = await openProjection(words);
  await opened.feed(said('apple', 'Other'));
  expect(await opened.readModels.checkpoint('words')).toBe('0000000000000001');
  expect(await counts(opened)).toEqual([]);
});

const startWords = async (readModels: ReadModels) => {
  const clock = createSystemClock();
  const store = createMemoryEventStore({ clock });
  const notes: Note[] = [];
  const deps = { store, readModels, clock, observers: { note: (note: Note) => void notes.push(note) } };
  const metadata = { correlationId: 'c', causationId: 'k', asOf: noon as Instant, rule: 'test', schema: '1' };
  let revision = -1;
  const say = async (...all: readonly string[]): Promise<void> => {
    const expected = revision < 0 ? 'no-stream' : revision;
    const events = all.map((word, index) => ({ id: `${revision}-${index}`, type: 'Said', data: { word }, metadata }));
    await store.append({ stream: 'talk.word-1', events, expected });
    revision += all.length;
    await readModels.passed('words', (await store.head())!);
  };
  return { deps, notes, say };
};

it('a rebuild while events come in equals the live rows, and the live ones go on after the swap', async () => {
  const readModels = openSqliteReadModels({ file: ':memory:' });
  const { deps, say } = await startWords(readModels);
  const tail = await startTail(deps, [words], () => undefined);
  try {
    await say('apple', 'bell', 'apple');
    const rebuilding = { ...deps, projections: [words], tail };
    expect(await verify(rebuilding, 'words')).toMatchObject({ equal: true });
    const [built] = await Promise.all([rebuild(rebuilding, 'words'), say('cat', 'apple')]);
    expect(built.events).toBeGreaterThanOrEqual(3);
    await say('dog');
    expect((await readModels.list('words', { limit: 9 })).map((row) => `${row.word} ${row.times}`)).toEqual([
      'apple 3',
      'bell 1',
      'cat 1',
      'dog 1',
    ]);
    expect(await verify(rebuilding, 'words')).toMatchObject({ equal: true });
    await expect(rebuild(rebuilding, 'nothing')).rejects.toMatchObject({ code: 'not-found' });
    const at = (await readModels.checkpoint('words'))!;
    await readModels.commit({
      projection: 'words',
      build: 'live',
      puts: [{ table: 'words', row: { word: 'x', times: 1 } }],
      removes: [],
      removeWheres: [],
      previous: at,
      next: at,
    });
    expect(await verify(rebuilding, 'words')).toMatchObject({ equal: false });
  } finally {
    await tail.stop();
    await readModels.close();
  }
});

it('a projection with an unreadable checkpoint is built again from the log at the start, and says so', async () => {
  const folder = await temporaryFolder();
  const readModels = openSqliteReadModels({ file: folder.path('models.db') });
  const { deps, notes, say } = await startWords(readModels);
  const first = await startTail(deps, [words], () => undefined);
  await say('apple', 'apple');
  await first.stop();
  const at = (await readModels.checkpoint('words'))!;
  await readModels.commit({
    projection: 'words',
    build: 'live',
    puts: [],
    removes: [],
    removeWheres: [],
    previous: at,
    next: 'nonsense' as typeof at,
  });
  const second = await startTail(deps, [words], () => undefined);
  await say('bell');
  expect((await readModels.list('words', { limit: 9 })).map((row) => `${row.word} ${row.times}`)).toEqual(['apple 2', 'bell 1']);
  expect(notes.filter((note) => note.kind === 'log').map((note) => note.message)).toEqual([
    expect.stringContaining('built again from the log'),
  ]);
  await second.stop();
  await readModels.close();
  await folder.remove();
});
