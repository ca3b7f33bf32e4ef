import { describe, expect, it } from 'vitest';
import { runs } from '../../src/projections/runs.ts';
import { createApi } from './support/api.ts';

const api = await createApi();
const { world, call, raw } = api;
await world.defineAll();

const donate = (id: string, commandId: string) =>
  world.tell(`giving.escrow-${id}`, 'SendDonation', { donor: 'd', recipient: 'r', cents: 5 }, { id: commandId });

await donate('7f3a', 's1');
await world.tell('giving.escrow-7f3a', 'ConfirmReceipt', {}, { id: 's2' });
await donate('same', 's3');

describe('leaderboards', () => {
  it('give the first places and the place of a player', async () => {
    const table = world.service.registry.projections.find((projection) => projection.name === 'board_giving');
    expect(table).toBeDefined();
    const put = (player: string, score: number, rank: string) => ({
      table: 'board_giving',
      row: { board: 'donors', player, score: String(score), at: '2026-11-24T00:00:00.000Z', rank, stream: `giving.donor-${player}` },
    });
    const previous = await world.service.readModels.checkpoint('board_giving');
    await world.service.readModels.commit({
      projection: 'board_giving',
      build: 'live',
      puts: [put('a', 30, '1 a'), put('b', 20, '2 b'), put('c', 10, '3 c')],
      removes: [],
      removeWheres: [],
      previous,
      next: previous!,
    });
    expect((await call('read', 'GET', '/api/v1/leaderboards')).body).toEqual({ boards: ['donors'] });
    const first = (await call('read', 'GET', '/api/v1/leaderboards/donors/top?limit=2')).body as { places: object[]; next: string };
    expect(first.places).toMatchObject([
      { rank: 1, player: 'a', score: '30' },
      { rank: 2, player: 'b' },
    ]);
    expect((await call('read', 'GET', `/api/v1/leaderboards/donors/top?limit=2&cursor=${first.next}`)).body).toMatchObject({
      places: [{ rank: 3, player: 'c' }],
      next: null,
    });
    expect((await call('read', 'GET', '/api/v1/leaderboards/donors/rank/b')).body).toMatchObject({
      board: 'donors',
      rank: 2,
      player: 'b',
      score: '20',
    });
    expect((await call('read', 'GET', '/api/v1/leaderboards/donors/rank/z')).status).toBe(404);
    expect((await call('read', 'GET', '/api/v1/leaderboards/nothing/top')).status).toBe(404);
  });
});

describe('streams and the log', () => {
  it('are browsed by category, stream and revision, both ways', async () => {
    const categories = ((await call('read', 'GET', '/api/v1/streams')).body as { categories: { category: string; streams: number }[] })
      .categories;
    expect(categories.find((each) => each.category === 'giving.escrow')?.streams).toBe(2);
    expect((await call('read', 'GET', '/api/v1/streams?category=giving.escrow&limit=1')).body).toMatchObject({
      streams: [{ stream: 'giving.escrow-7f3a', revision: 1 }],
      next: expect.any(String),
    });
    expect((await call('read', 'GET', '/api/v1/streams?category=giving.nothing')).status).toBe(404);
    const read = async (query: string) =>
      (await call('read', 'GET', `/api/v1/streams/giving.escrow-7f3a${query}`)).body as {
        events: { revision: number }[];
        next: number | null;
        head: number;
      };
    expect(await read('?limit=1')).toMatchObject({
      head: 1,
      events: [{ revision: 0, type: 'DonationSent', metadata: { causationId: 's1' } }],
      next: 1,
    });
    expect(await read('?from=1')).toMatchObject({ events: [{ revision: 1 }], next: null });
    expect((await read('?backwards=true')).events.map((event) => event.revision)).toEqual([1, 0]);
    expect(await read('?backwards=true&limit=1')).toMatchObject({ next: 0 });
    expect((await call('read', 'GET', '/api/v1/streams/giving.escrow-none')).status).toBe(404);
  });

  it('are paged from a position, filtered by public event type', async () => {
    type Page = { events: { type: string; position: string }[]; upTo: string; more: boolean };
    const page = async (query: string) => (await call('read', 'GET', `/api/v1/events?${query}`)).body as Page;
    const first = await page('types=giving.escrow.*&limit=2');
    expect([first.events.map((event) => event.type), first.more]).toEqual([['DonationSent', 'EscrowHeld'], true]);
    const second = await page(`types=giving.escrow.*&limit=2&from=${first.upTo}`);
    expect([second.events.map((event) => event.type), second.more]).toEqual([['DonationSent'], false]);
    expect((await page('types=giving.escrow.EscrowHeld')).events).toHaveLength(1);
    expect((await page('types=giving.*,engine.token.TokenCreated&limit=200')).events.length).toBeGreaterThanOrEqual(6);
    expect((await page(`from=${second.upTo}`)).events).toEqual([]);
    expect((await page('from=0&limit=1')).events[0]?.position).toBe((await page('limit=1')).events[0]?.position);
    for (const types of ['giving.nothing.*', '*', 'giving.EscrowHeld', 'a,,b', '%20'])
      expect((await page(`types=${types}`)) as unknown).toMatchObject({ status: 400, code: 'bad-request' });
  });
});

describe('HEAD', () => {
  it('of the live log does not stay open', async () => {
    const { status, headers } = await raw('read', { method: 'HEAD', url: '/api/v1/events', headers: { accept: 'text/event-stream' } });
    expect([status, headers['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
  });
});

describe('projections, configuration, backup', () => {
  it('work as told', async () => {
    expect((await call('read', 'GET', '/api/v1/projections')).body).toMatchObject({
      projections: expect.arrayContaining([
        { name: 'runs', version: runs.version, checkpoint: expect.any(String), lag: 0, rebuilding: null },
      ]),
    });
    expect((await call('operate', 'POST', '/api/v1/projections/runs/rebuild', { reason: 'a look' })).body).toEqual({
      name: 'runs',
      events: 1,
      hash: 'abc',
    });
    expect((await call('operate', 'POST', '/api/v1/projections/runs/verify')).body).toEqual({
      name: 'runs',
      equal: true,
      live: 'abc',
      rebuilt: 'abc',
    });
    expect((await call('operate', 'POST', '/api/v1/projections/nothing/rebuild')).status).toBe(404);
    expect((await call('admin', 'GET', '/api/v1/config')).body).toEqual({
      version: '0.1.0',
      values: { port: 7070, token: '***' },
      sources: { port: 'default' },
    });
    expect((await call('admin', 'POST', '/api/v1/backup', { folder: '/backups/1' })).body).toMatchObject({
      files: ['/backups/1/events.db'],
    });
    expect((await call('admin', 'POST', '/api/v1/backup', { folder: 'a\u0000b' })).status).toBe(400);
    expect((await call('read', 'GET', '/errors/slot-future')).body).toMatchObject({ code: 'slot-future', status: 400 });
    expect((await call('read', 'GET', '/errors/constructor')).status).toBe(404);
  });
});
