import { toMs } from '../../core/instant.ts';
import { categoryOf } from '../../core/stream.ts';
import type { Clock } from '../../ports/clock.ts';
import type { AppendResult } from '../../ports/event-store.ts';
import { positionOf } from '../memory/position.ts';
import { appendSql, standingSql } from './append-sql.ts';
import type { Database } from './database.ts';
import type { CommitItems } from './group-commit.ts';
import type { Kinds } from './kinds.ts';
import type { PreparedItem } from './prepared-item.ts';

type Standing = readonly [item: number, erased: boolean, revision: number | null, id: string | null, position: number | null];

const expectedOf = ({ expected }: PreparedItem): number => (expected === 'no-stream' ? -1 : expected);

/** What the store says of an item that did not go in: a repeat when the same ids follow the expected revision. */
const answerOf = (item: PreparedItem, standing: readonly Standing[]): AppendResult => {
  const [first] = standing;
  if (first === undefined) return { ok: false, actual: 'no-stream' };
  const [, erased, revision] = first;
  if (erased) return { ok: false, actual: 'erased' };
  if (revision === null) return { ok: false, actual: 'no-stream' };
  const position = standing.at(-1)?.[4];
  const same = standing.length === item.events.length && item.events.every(({ id }, place) => standing[place]?.[3] === id);
  if (!same || position === null || position === undefined) return { ok: false, actual: revision };
  return { ok: true, revision: expectedOf(item) + item.events.length, position: positionOf(position) };
};

/** Decides and writes a batch of distinct streams. The outcome of an error is unknown until it is read. */
export const createEventWriter = (database: Database, kinds: Kinds, clock: Clock): CommitItems => {
  const write = async (items: readonly PreparedItem[]): Promise<Map<number, number>> => {
    await kinds.ensure(items.flatMap(({ stream, events }) => events.map(({ type }) => [categoryOf(stream), type] as const)));
    const kindOf = ({ stream }: PreparedItem, type: string): number => kinds.intern(categoryOf(stream), type);
    const more = items.flatMap((item, place) =>
      item.events.slice(1).map(({ type, id, body }, step) => ({ item: place + 1, step: step + 1, kind: kindOf(item, type), id, body })),
    );
    const rows = await database.tuples<[item: number, position: number]>(appendSql, [
      items.map((item) => item.stream),
      items.map(expectedOf),
      items.map((item) => kindOf(item, item.events[0]!.type)),
      items.map((item) => item.events[0]!.id),
      items.map((item) => item.events[0]!.body),
      toMs(clock.now()),
      more.map((event) => event.item),
      more.map((event) => event.step),
      more.map((event) => event.kind),
      more.map((event) => event.id),
      more.map((event) => event.body),
    ]);
    return new Map(rows);
  };

  const explain = async (items: readonly PreparedItem[]): Promise<AppendResult[]> => {
    const rows = await database.tuples<Standing>(standingSql, [
      items.map((item) => item.stream),
      items.map(expectedOf),
      items.map((item) => item.events.length),
    ]);
    const byItem = Map.groupBy(rows, ([item]) => item);
    return items.map((item, place) => answerOf(item, byItem.get(place + 1) ?? []));
  };

  return async (items) => {
    const positions = await write(items);
    const refused = items.filter((_, place) => !positions.has(place + 1));
    const answers = (refused.length === 0 ? [] : await explain(refused)).values();
    return items.map((item, place): AppendResult => {
      const position = positions.get(place + 1);
      if (position === undefined) return answers.next().value!;
      return { ok: true, revision: expectedOf(item) + item.events.length, position: positionOf(position) };
    });
  };
};
