import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { longWeekend } from '../../examples/facts.ts';
import { type Instant, instant, plus } from '../../src/core/instant.ts';
import type { JsonObject } from '../../src/core/json.ts';
import { type DomainWorld, domainWorld } from '../support/domain-world.ts';

type Line = { readonly id: string; readonly to: string; readonly type: string; readonly data: JsonObject; readonly asOf: Instant };

const text = readFileSync(new URL('../../examples/long-weekend.ndjson', import.meta.url), 'utf8');
const lines = text
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Line);

const hour = 3_600_000;
const start = instant('2026-01-23T00:00:00Z');
const end = instant('2026-01-28T02:00:00Z');

const slotsUpTo = (from: Instant, to: Instant): Instant[] => {
  const slots: Instant[] = [];
  for (let at = from; at <= to; at = plus(at, hour)) slots.push(at);
  return slots;
};

const tick = (world: DomainWorld, slot: Instant): void => {
  const midnight = slot.slice(11, 13) === '00';
  for (const job of midnight ? ['quiz/update-streaks', 'arcade/finalize-pools', 'giving/release-escrows'] : ['giving/release-escrows'])
    world.tick(job, slot);
};

/** The weekend with a scheduler that is up, except from `down` to `up`; then the missed slots come, oldest first. */
const weekend = (down: Instant | null, up: Instant) => {
  const world = domainWorld();
  const rules: string[] = [];
  const isDown = (at: Instant): boolean => down !== null && at >= down && at < up;
  let next = 0;
  const sendUntil = (at: Instant): void => {
    for (let line = lines[next]; line !== undefined && line.asOf < at; line = lines[++next]) {
      const told = world.send(line.to, line.type, line.data, line.asOf);
      if (told.kind !== 'accepted') rules.push(told.rule);
    }
  };
  for (const slot of slotsUpTo(start, end)) {
    sendUntil(slot);
    if (slot === up && down !== null) for (const missed of slotsUpTo(down, plus(up, -hour))) tick(world, missed);
    if (!isDown(slot)) tick(world, slot);
  }
  return { world, rules };
};

const states = (world: DomainWorld): Record<string, unknown> =>
  Object.fromEntries(
    [...world.registry.deciders.keys()].flatMap((category) => world.streams(category)).map((stream) => [stream, world.state(stream)]),
  );

const { world, rules } = weekend(null, end);

describe('examples/long-weekend.ndjson', () => {
  it('is what examples/facts.ts makes', () => {
    expect(text === longWeekend()).toBe(true);
  });
  it('is in order of time, with ids used once', () => {
    expect(lines.length).toBeGreaterThan(2_500);
    expect(lines.every((line, index) => index === 0 || line.asOf >= (lines[index - 1] as Line).asOf)).toBe(true);
    expect(new Set(lines.map((line) => line.id)).size).toBe(lines.length);
    expect(lines.every((line) => line.asOf >= start && line.asOf < '2026-01-28')).toBe(true);
  });
  it('meets the refusals that it was made for, and none by a broken schema', () => {
    const expected = [
      'already-received',
      'already-released',
      'donor-is-recipient',
      'game-not-started',
      'game-unknown',
      'no-donation',
      'payment-used',
      'protections-full',
      'score-already-submitted',
    ];
    expect([...new Set(rules)].sort()).toEqual(expected);
  });
  it('releases, refunds, rolls over, protects and breaks', () => {
    for (const type of [
      'EscrowReleased',
      'EscrowRefunded',
      'PoolFinalized',
      'PoolRolledOver',
      'StreakProtectionUsed',
      'StreakBroken',
      'PaymentReused',
    ]) {
      expect(world.count(type), type).toBeGreaterThan(0);
    }
    expect(world.refused).toEqual([]);
  });
  it('shows each edge case as its id says', () => {
    expect(world.log.find((event) => event.stream === 'giving.escrow-7f3a' && event.type === 'EscrowReleased')?.metadata.asOf).toBe(
      '2026-01-26T13:12:00.001Z',
    );
    expect(world.events('giving.escrow-refund-at-hold-end').at(-1)).toBe('EscrowRefunded');
    expect(world.events('giving.escrow-refund-too-late').at(-1)).toBe('EscrowReleased');
    expect(world.state('arcade.pool-pong.daily.2026-01-24')).toMatchObject({ leader: { session: 'tie-first' } });
    expect(world.state('arcade.pool-tetris.daily.2026-01-25')).toMatchObject({ leader: { session: 'score-at-midnight' } });
    expect(world.events('arcade.pool-space_invaders.daily.2026-01-24')).toContain('PoolRolledOver');
    for (const player of ['kept-after-61-hours', 'kept-at-48-hours']) {
      const events = world.events(`quiz.progress-${player}`);
      expect(events.slice(0, events.lastIndexOf('QuizPlayed')), player).not.toContain('StreakBroken');
    }
    expect(world.events('quiz.progress-broken-by-midnight').slice(3)).toEqual([
      'StreakBroken',
      'QuizPlayed',
      'XpGained',
      'StreakIncremented',
    ]);
    expect(world.events('quiz.progress-protected-once').slice(4)).toEqual(['StreakProtectionUsed', 'StreakBroken']);
  });
});

describe('a scheduler that was down from Saturday to Tuesday', () => {
  const late = weekend(instant('2026-01-24T00:00:00Z'), instant('2026-01-27T12:00:00Z'));
  it('comes to the same final states and effects', () => {
    expect(states(late.world)).toEqual(states(world));
    expect([...late.world.effects.keys()].sort()).toEqual([...world.effects.keys()].sort());
    expect(late.rules).toEqual(rules);
  });
  it('and to the same events; but DonorScored carries totals, and coins of a late release reach a donor after later gifts', () => {
    const told = (of: DomainWorld): string[] =>
      of.log.map((event) => `${event.stream} ${event.type} ${event.type === 'DonorScored' ? '' : JSON.stringify(event.data)}`).sort();
    expect(told(late.world)).toEqual(told(world));
  });
  it('and each due transition took effect at its own instant, not at the tick that came late', () => {
    const own = ['EscrowReleased', 'PoolFinalized', 'StreakBroken', 'StreakProtectionUsed'];
    const when = (of: DomainWorld): string[] =>
      of.log
        .filter((event) => own.includes(event.type))
        .map((event) => `${event.stream} ${event.type} ${event.metadata.asOf}`)
        .sort();
    expect(when(late.world)).toEqual(when(world));
  });
  it('and to the same boards', () => {
    for (const table of ['board_arcade', 'board_quiz', 'board_giving']) {
      const ranks = (of: DomainWorld): string[] =>
        of
          .rows(table)
          .map((row) => `${row.board} ${row.rank}`)
          .sort();
      expect(ranks(late.world)).toEqual(ranks(world));
    }
  });
});
