import { describe, expect, it } from 'vitest';
import { type DomainEvent, type RecordedEvent, streamErased } from '../../src/core/event.ts';
import { instant } from '../../src/core/instant.ts';
import { type BoardEntry, defineBoard, type Mode, rankOf, type Ties } from '../../src/core/leaderboard.ts';
import { tableOf } from '../support/table.ts';

type Scored = DomainEvent<'Scored', { player: string; score: string; at: string }>;

const event = (player: string, score: string, at: string, type = 'Scored'): RecordedEvent =>
  ({ type, data: { player, score, at }, stream: `t.score-${player}` }) as unknown as RecordedEvent;

const play = (mode: Mode, ties: Ties, events: readonly RecordedEvent[]) => {
  const board = defineBoard<Scored>({
    name: 'test',
    version: 1,
    types: ['Scored'],
    mode,
    ties,
    entriesOf: ({ data }) => [{ board: 'b', player: data.player, score: data.score, at: instant(data.at) }],
  });
  const table = tableOf(board);
  for (const item of events) table.apply(item);
  return table
    .rows()
    .sort((a, b) => (String(a.rank) < String(b.rank) ? -1 : 1))
    .map((row) => `${row.player} ${row.score}`);
};

const early = '2026-01-24T10:00:00Z';
const late = '2026-01-24T11:00:00Z';

describe('a board', () => {
  it('ranks by number, also beyond 2^53 and below zero', () => {
    const events = ['9', '10', '-5', '9007199254740993', '9007199254740992'].map((score) => event(`p${score}`, score, early));
    expect(play('best', 'earliest', events)).toEqual([
      'p9007199254740993 9007199254740993',
      'p9007199254740992 9007199254740992',
      'p10 10',
      'p9 9',
      'p-5 -5',
    ]);
  });
  it('breaks ties by the earliest, the latest or the id (decision 3)', () => {
    const events = [event('b', '5', early), event('a', '5', late), event('c', '5', early)];
    expect(play('best', 'earliest', events)).toEqual(['b 5', 'c 5', 'a 5']);
    expect(play('best', 'latest', events)).toEqual(['a 5', 'b 5', 'c 5']);
    expect(play('best', 'id', events)).toEqual(['a 5', 'b 5', 'c 5']);
  });
  it('keeps the best, the sum or the latest', () => {
    const events = [event('a', '5', early), event('a', '3', late)];
    expect(play('best', 'earliest', events)).toEqual(['a 5']);
    expect(play('sum', 'earliest', events)).toEqual(['a 8']);
    expect(play('latest', 'earliest', events)).toEqual(['a 3']);
  });
  it('an erased player leaves it', () => {
    const events = [event('a', '5', early), event('b', '6', early), event('b', '', '', streamErased)];
    expect(play('best', 'earliest', events)).toEqual(['a 5']);
  });
  it('never gives two players the same rank', () => {
    const entry = (player: string): BoardEntry => ({ board: 'b', player, score: 1, at: instant(early) });
    for (const ties of ['earliest', 'latest', 'id'] as const) expect(rankOf(entry('a'), ties) < rankOf(entry('b'), ties)).toBe(true);
  });
});
