import { type DomainEvent, type Recorded, type RecordedEvent, streamErased } from './event.ts';
import { type Instant, toMs } from './instant.ts';
import type { Projection, Row, Rows } from './projection.ts';

/** What an event says about one player's place on one board. */
export type BoardEntry = {
  readonly board: string;
  readonly player: string;
  readonly score: bigint | number | string;
  readonly at: Instant;
};

/** Who comes first at the same score. What is equal even then is ordered by player (mission decision 3). */
export type Ties = 'earliest' | 'latest' | 'id';

/** Of several entries of a player: the best one counts, their sum, or the latest. */
export type Mode = 'best' | 'sum' | 'latest';

export type BoardSpec<E extends DomainEvent = DomainEvent> = {
  /** Lower-case letters and digits; the table is `board_<name>`. */
  readonly name: string;
  readonly version: number;
  readonly types: readonly E['type'][];
  readonly ties: Ties;
  readonly mode: Mode;
  entriesOf(event: Recorded<E>): readonly BoardEntry[];
};

const width = 40;
const middle = 5n * 10n ** 39n;
const lastMs = 9_999_999_999_999;

/**
 * A text that sorts ascending in rank order: the score turned round, then the tie rule, then the player. So "the first
 * hundred" is a read along an index, and a player's rank is the number of smaller texts plus one.
 */
export const rankOf = (entry: BoardEntry, ties: Ties): string => {
  const score = (middle - BigInt(entry.score)).toString().padStart(width, '0');
  const time = ties === 'latest' ? lastMs - toMs(entry.at) : toMs(entry.at);
  return ties === 'id' ? `${score} ${entry.player}` : `${score} ${String(time).padStart(13, '0')} ${entry.player}`;
};

/** What the row says after `entry`; null when it stays. */
const merged = (spec: Pick<BoardSpec, 'mode' | 'ties'>, row: Row | null, entry: BoardEntry): BoardEntry | null => {
  if (row === null || spec.mode === 'latest') return entry;
  if (spec.mode === 'sum') return { ...entry, score: BigInt(String(row.score)) + BigInt(entry.score) };
  return rankOf(entry, spec.ties) < String(row.rank) ? entry : null;
};

/** A leaderboard: a projection over per-player events, one row for each board and player (mission decision 3 for ties). */
export const defineBoard = <E extends DomainEvent>(spec: BoardSpec<E>): Projection => {
  const table = `board_${spec.name}`;
  const entriesOf = (event: RecordedEvent): readonly BoardEntry[] =>
    event.type === streamErased ? [] : spec.entriesOf(event as unknown as Recorded<E>);
  const put = (event: RecordedEvent, entry: BoardEntry, rows: Rows): void => {
    const next = merged(spec, rows.get(table, [entry.board, entry.player]), entry);
    if (next === null) return;
    const { board, player, at } = next;
    rows.put(table, { board, player, score: next.score.toString(), at, rank: rankOf(next, spec.ties), stream: event.stream });
  };
  return {
    name: table,
    version: spec.version,
    types: spec.types,
    tables: [
      {
        name: table,
        columns: { board: 'text', player: 'text', score: 'text', at: 'text', rank: 'text', stream: 'text' },
        key: ['board', 'player'],
        indexes: [['board', 'rank'], ['stream']],
      },
    ],
    reads: (event) => entriesOf(event).map((entry) => ({ table, key: [entry.board, entry.player] })),
    apply: (event, rows) => {
      if (event.type === streamErased) rows.removeWhere(table, 'stream', event.stream);
      else for (const entry of entriesOf(event)) put(event, entry, rows);
    },
  };
};
