import { expect, it } from 'vitest';
import type { StreamName } from '../../../src/core/event.ts';
import type { AppendItem, AppendResult, EventStore } from '../../../src/ports/event-store.ts';
import { collect, event, events, freshStream } from '../../contracts/event-store/harness.ts';
import { connect, onPostgres, openStore, until } from './support.ts';

onPostgres('owners that race', (server) => {
  const four = async (): Promise<EventStore[]> => {
    const url = await server().createDatabase();
    return Promise.all([1, 2, 3, 4].map(() => openStore(url)));
  };

  it('four owners append to the same stream 300 times: 300 winners', async () => {
    const owners = await four();
    const stream = freshStream();
    const wins = [0, 0, 0, 0];
    for (let revision = -1; revision < 299; revision++) {
      const expected = revision < 0 ? 'no-stream' : revision;
      const results = await Promise.all(owners.map((owner) => owner.append({ stream, events: [event()], expected })));
      expect(results.filter((result) => result.ok)).toHaveLength(1);
      for (const result of results) expect(result).toMatchObject(result.ok ? { revision: revision + 1 } : { actual: revision + 1 });
      wins[results.findIndex((result) => result.ok)]!++;
    }
    const { events: found, head } = await owners[3]!.read(stream);
    expect([found.length, head, wins.reduce((a, b) => a + b)]).toEqual([300, 299, 300]);
  });

  it('batches of the same 300 streams in another order each: one winner a stream', async () => {
    const owners = await four();
    const round = async (streams: readonly StreamName[], expected: AppendItem['expected']): Promise<void> => {
      const answers = await Promise.all(
        owners.map(async (owner, place) => {
          const order = place % 2 === 0 ? streams : [...streams].reverse();
          const results = await owner.appendMany(order.map((stream) => ({ stream, events: events(2), expected })));
          return new Map(order.map((stream, n) => [stream, results[n]!]));
        }),
      );
      for (const stream of streams) {
        const results = answers.map((answer) => answer.get(stream) as AppendResult);
        expect(results.filter((result) => result.ok)).toHaveLength(1);
      }
    };
    for (let turn = 0; turn < 4; turn++) {
      const streams = Array.from({ length: 300 }, () => freshStream());
      for (const expected of ['no-stream', 1] as const) await round(streams, expected);
    }
    expect((await collect(owners[0]!.readAll({}))).events).toHaveLength(4_800);
  });

  it.each([
    ['new', 'INSERT INTO carillon.streams (name) VALUES ($1)'],
    ['known', `INSERT INTO carillon.events SELECT -1, id, 0, 1, 1, 'x', 'x' FROM carillon.streams WHERE name = $1`],
  ])('two batches of %s streams in opposite order, held up in the middle, do not wait for each other', async (kind, hold) => {
    const url = await server().createDatabase();
    const owners = [await openStore(url), await openStore(url)] as const;
    const streams = ['a', 'm', 'z'].map((id): StreamName => `giving.escrow-${id}`);
    const first = streams.map((stream): AppendItem => ({ stream, events: [event()], expected: 'no-stream' }));
    if (kind === 'known') await owners[0].appendMany(first);
    const expected = kind === 'known' ? 0 : 'no-stream';
    const holder = await connect(url);
    await holder.query('BEGIN');
    await holder.query(hold, [streams[1]]);
    const appends = [streams, streams.toReversed()].map((order, place) =>
      owners[place]!.appendMany(order.map((stream) => ({ stream, events: [event()], expected }))),
    );
    const watcher = await connect(url);
    const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    await until('both waiting', async () => (await watcher.query(waiting)).rowCount === 2);
    await holder.query('ROLLBACK');
    const results = await Promise.all(appends);
    expect(results.map((answers) => answers.filter((answer) => answer.ok).length).sort()).toEqual([0, 3]);
  });

  it('the same batch sent by two processes at once is one append', async () => {
    const [first, second] = (await four()) as [EventStore, EventStore];
    const items = Array.from({ length: 50 }, (): AppendItem => ({ stream: freshStream(), events: events(2), expected: 'no-stream' }));
    const [mine, theirs] = await Promise.all([first.appendMany(items), second.appendMany(items)]);
    expect(theirs).toEqual(mine);
    expect((await collect(first.readAll({}))).events).toHaveLength(100);
  });

  it('an erasure between appends leaves a closed stream with its marker as the newest event', async () => {
    const owners = await four();
    for (let turn = 0; turn < 10; turn++) {
      const stream = freshStream();
      const append = async (owner: EventStore): Promise<number> => {
        for (let expected: number | 'no-stream' = 'no-stream', done = 0; ; ) {
          const result: AppendResult = await owner.append({ stream, events: [event('EscrowHeld', { secret: 'personal' })], expected });
          if (!result.ok && result.actual === 'erased') return done;
          expected = result.ok ? result.revision : (result.actual as number);
          if (result.ok) done++;
        }
      };
      const appending = owners.map(append);
      await new Promise((resolve) => setTimeout(resolve, turn));
      await owners[turn % 4]!.erase(stream);
      const appended = (await Promise.all(appending)).reduce((a, b) => a + b);
      const left = (await collect(owners[0]!.readAll({}))).events.filter((item) => item.stream === stream);
      expect(left).toMatchObject([{ type: 'StreamErased', revision: appended }]);
      expect(JSON.stringify(left)).not.toContain('personal');
    }
  });
});
