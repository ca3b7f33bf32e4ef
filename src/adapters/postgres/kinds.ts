import { CarillonError } from '../../core/errors.ts';
import { streamErased } from '../../core/event.ts';
import type { Filter } from '../memory/tail.ts';
import type { Database } from './database.ts';

export type Pair = readonly [category: string, type: string];

/** Pairs of category and event type as small numbers. There are as many as the code names, so all of them stay in memory. */
export type Kinds = {
  /** Makes sure that `intern` knows them. Its own transaction: a kind is there before an event that has it. */
  ensure(pairs: readonly Pair[]): Promise<void>;
  intern(category: string, type: string): number;
  knows(kind: number): boolean;
  typeOf(kind: number): string;
  /** The kinds that a reader wants, null for all. */
  wanted(filter: Filter): readonly number[] | null;
  /** How many are known: other processes add some, too. */
  count(): number;
  reload(): Promise<void>;
};

export const createKinds = (database: Database): Kinds => {
  const byCategory = new Map<string, Map<string, number>>();
  const types = new Map<number, string>();

  const reload = async (): Promise<void> => {
    const rows = await database.tuples<[number, string, string]>('SELECT id, category, type FROM carillon.kinds');
    for (const [id, category, type] of rows) {
      byCategory.set(category, (byCategory.get(category) ?? new Map<string, number>()).set(type, id));
      types.set(id, type);
    }
  };
  const find = ([category, type]: Pair): number | undefined => byCategory.get(category)?.get(type);

  return {
    reload,
    async ensure(pairs) {
      const missing = pairs.filter((pair) => find(pair) === undefined);
      if (missing.length === 0) return;
      await database.run(
        `INSERT INTO carillon.kinds (category, type) SELECT DISTINCT category, type
         FROM unnest($1::text[], $2::text[]) AS t (category, type) ORDER BY category, type ON CONFLICT DO NOTHING`,
        [missing.map(([category]) => category), missing.map(([, type]) => type)],
      );
      await reload();
    },
    intern(category, type) {
      const known = find([category, type]);
      if (known === undefined) throw new CarillonError('internal', `The kind ${category} ${type} was not interned`);
      return known;
    },
    knows: (kind) => types.has(kind),
    typeOf(kind) {
      const type = types.get(kind);
      if (type === undefined) throw new CarillonError('store-corrupt', `The store has events of kind ${kind}, which has no name`);
      return type;
    },
    wanted({ types: wantedTypes, categories }) {
      if (wantedTypes === null && categories === null) return null;
      const wants = (category: string, type: string): boolean =>
        type === streamErased || ((wantedTypes?.has(type) ?? true) && (categories?.has(category) ?? true));
      return [...byCategory].flatMap(([category, ofCategory]) =>
        [...ofCategory].flatMap(([type, id]) => (wants(category, type) ? id : [])),
      );
    },
    count: () => types.size,
  };
};
