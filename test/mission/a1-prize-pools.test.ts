import { describe, expect, it } from 'vitest';
import { domainWorld } from '../support/domain-world.ts';

const games = ['snake', 'tetris', 'pong', 'breakout', 'space_invaders'];
type World = ReturnType<typeof domainWorld>;

const start = (world: World, id: string, game: string, player: string, at: string, paymentId = `pay-${id}`) =>
  world.send(`arcade.gamesession-${id}`, 'StartGame', { player, game, paymentId, microUsdc: 10_000 }, at);
const score = (world: World, id: string, points: number, at: string) =>
  world.send(`arcade.gamesession-${id}`, 'SubmitScore', { score: points }, at);
const play = (world: World, id: string, game: string, player: string, points: number, at: string): void => {
  start(world, id, game, player, at);
  score(world, id, points, at);
};
const final = (world: World, pool: string) =>
  world.log.find((event) => event.type === 'PoolFinalized' && event.stream === `arcade.pool-${pool}`)?.data;

describe('A1: prize pool calculation', () => {
  it('has the schedule and the alias of the document', () => {
    expect(domainWorld().registry.find('prizepool')).toMatchObject({ name: 'arcade/finalize-pools', zone: 'UTC', grace: '2s' });
  });

  it('A1a: 5 daily pools are finalised, 10 pools on a Monday', () => {
    const world = domainWorld();
    for (const game of games) {
      play(world, `sat-${game}`, game, '0xA', 10, '2026-01-24T10:00:00Z');
      play(world, `sun-${game}`, game, '0xA', 10, '2026-01-25T10:00:00Z');
    }
    expect(world.tick('prizepool', '2026-01-25T00:00:00Z')).toBe(5);
    expect(world.tick('prizepool', '2026-01-26T00:00:00Z')).toBe(10);
    expect(world.tick('prizepool', '2026-01-26T00:00:00Z')).toBe(0);
  });

  it('A1a: a game without a pool is not an error', () => {
    const world = domainWorld();
    play(world, 's1', 'snake', '0xA', 10, '2026-01-24T10:00:00Z');
    expect(world.tick('prizepool', '2026-01-25T00:00:00Z')).toBe(1);
  });

  it('the winner is the best of the closed period, whatever the new one has; addresses are compared without case', () => {
    const world = domainWorld();
    play(world, 's1', 'snake', '0xAA', 10, '2026-01-24T10:00:00Z');
    play(world, 's2', 'snake', '0xBB', 12, '2026-01-24T11:00:00Z');
    play(world, 's3', 'snake', '0xaa', 11, '2026-01-24T12:00:00Z');
    play(world, 's4', 'snake', '0xCC', 999, '2026-01-25T00:00:00Z');
    world.tick('prizepool', '2026-01-25T00:00:00Z');
    expect(final(world, 'snake.daily.2026-01-24')).toMatchObject({ winner: '0xbb', score: 12, session: 's2', microUsdc: '15000' });
    expect(world.board('board_arcade', 'snake.daily.2026-01-24')).toEqual(['0xbb 12', '0xaa 11']);
    expect(world.board('board_arcade', 'snake.daily.2026-01-25')).toEqual(['0xcc 999']);
    expect(world.board('board_arcade', 'snake.weekly.2026-W04')).toEqual(['0xcc 999', '0xbb 12', '0xaa 11']);
    expect(world.board('board_arcade', 'snake.alltime')).toEqual(['0xcc 999', '0xbb 12', '0xaa 11']);
  });

  it('a score exactly at midnight belongs to the new period, its payment before midnight to the old one', () => {
    const world = domainWorld();
    start(world, 's1', 'snake', '0xA', '2026-01-25T23:59:59.999Z');
    score(world, 's1', 5, '2026-01-26T00:00:00Z');
    world.tick('prizepool', '2026-01-26T00:00:00Z');
    expect(final(world, 'snake.daily.2026-01-25')).toMatchObject({ winner: null, microUsdc: '5000' });
    world.tick('prizepool', '2026-01-27T00:00:00Z');
    expect(final(world, 'snake.daily.2026-01-26')).toMatchObject({ winner: '0xa', score: 5, microUsdc: '5000' });
    expect(world.events('arcade.pool-snake.weekly.2026-W05')).toContain('PoolLeaderChanged');
  });

  it('at a tie the earliest score wins; score 0 counts', () => {
    const world = domainWorld();
    play(world, 's1', 'pong', '0xB', 0, '2026-01-24T10:00:00Z');
    play(world, 's2', 'pong', '0xA', 0, '2026-01-24T11:00:00Z');
    world.tick('prizepool', '2026-01-25T00:00:00Z');
    expect(final(world, 'pong.daily.2026-01-24')).toMatchObject({ winner: '0xb', score: 0 });
  });

  it('money without a score rolls over until someone plays, and none is lost (decision 4)', () => {
    const world = domainWorld();
    start(world, 's1', 'snake', '0xA', '2026-01-23T10:00:00Z');
    for (const day of ['24', '25', '26']) world.tick('prizepool', `2026-01-${day}T00:00:00Z`);
    play(world, 's2', 'snake', '0xB', 1, '2026-01-26T10:00:00Z');
    world.tick('prizepool', '2026-01-27T00:00:00Z');
    expect(world.count('PoolRolledOver')).toBe(4);
    expect(final(world, 'snake.daily.2026-01-26')).toMatchObject({ winner: '0xb', microUsdc: '10000' });
    expect(world.state('arcade.pool-snake.weekly.2026-W05')).toMatchObject({ microUsdc: '4000' });
  });

  it('a payment is used once: the second game on it funds nothing and does not count', () => {
    const world = domainWorld();
    start(world, 's1', 'snake', '0xA', '2026-01-24T10:00:00Z', '0xFEED');
    expect(start(world, 's2', 'snake', '0xA', '2026-01-24T10:01:00Z', '0xfeed').kind).toBe('accepted');
    expect(score(world, 's2', 99, '2026-01-24T10:02:00Z')).toMatchObject({ kind: 'rejected', rule: 'payment-used' });
    expect(world.state('arcade.pool-snake.daily.2026-01-24')).toMatchObject({ microUsdc: '5000', leader: null });
  });

  it('the shares and the platform fee of all payments add up to the payments', () => {
    const world = domainWorld();
    for (let index = 0; index < 50; index++) {
      const microUsdc = 1 + index * 7919;
      world.send(
        `arcade.gamesession-s${index}`,
        'StartGame',
        { player: 'p', game: 'snake', paymentId: `p${index}`, microUsdc },
        '2026-01-24T10:00:00Z',
      );
    }
    const splits = world.log.filter((event) => event.type === 'PaymentSplit').map((event) => event.data as Record<string, string>);
    const sum = (key: string): bigint => splits.reduce((total, split) => total + BigInt(split[key] ?? 'missing'), 0n);
    expect(sum('dailyMicroUsdc') + sum('weeklyMicroUsdc') + sum('platformMicroUsdc')).toBe(sum('microUsdc'));
    expect(world.state('arcade.pool-snake.daily.2026-01-24')).toMatchObject({ microUsdc: String(sum('dailyMicroUsdc')) });
    expect(world.state('arcade.pool-snake.weekly.2026-W04')).toMatchObject({ microUsdc: String(sum('weeklyMicroUsdc')) });
  });

  it('scheduler down from Saturday to Tuesday: three daily pools and one weekly, oldest first, once each', () => {
    const world = domainWorld();
    for (const day of ['24', '25', '26']) play(world, `s${day}`, 'snake', '0xA', Number(day), `2026-01-${day}T10:00:00Z`);
    for (const day of ['25', '26', '27']) world.tick('prizepool', `2026-01-${day}T00:00:00Z`);
    const order = world.log
      .filter((event) => event.type === 'PoolFinalized')
      .map((event) => event.stream.slice('arcade.pool-snake.'.length));
    expect(order).toEqual(['daily.2026-01-24', 'daily.2026-01-25', 'weekly.2026-W04', 'daily.2026-01-26']);
  });

  it('A4: with the zone of the scheduler a period is its local day', () => {
    const world = domainWorld({ arcade: { zone: 'America/New_York' } });
    expect(world.registry.find('prizepool').zone).toBe('America/New_York');
    play(world, 's1', 'snake', '0xA', 5, '2026-01-25T04:59:59.999Z');
    play(world, 's2', 'snake', '0xB', 9, '2026-01-25T05:00:00Z');
    expect(world.tick('prizepool', '2026-01-25T05:00:00Z')).toBe(1);
    expect(final(world, 'snake.daily.2026-01-24')).toMatchObject({ winner: '0xa', endsAt: '2026-01-25T05:00:00.000Z' });
  });

  it('shares that are more than the payment are refused at start', () => {
    expect(() => domainWorld({ arcade: { dailyBasisPoints: 9000 } })).toThrow(/basis/i);
  });
});
