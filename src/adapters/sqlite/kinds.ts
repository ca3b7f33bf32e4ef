import type { DatabaseSync } from 'node:sqlite';
import { CarillonError } from '../../core/errors.ts';
import { streamErased } from '../../core/event.ts';
import type { Filter } from '../memory/tail.ts';

/** Pairs of category and event type as small numbers. There are as many as the code names, so all of them stay in memory. */
export type Kinds = {
  /** Inside a transaction. */
  intern(category: string, type: string): number;
  typeOf(kind: number): string;
  /** The kinds that a reader wants, null for all. They may become more with each commit. */
  wanted(filter: Filter): readonly number[] | null;
  reload(): void;
};

export const createKinds = (db: DatabaseSync): Kinds => {
  const all = db.prepare('SELECT id, category, type FROM kinds');
  const insert = db.prepare('INSERT INTO kinds (id, category, type) VALUES (?, ?, ?)');
  const byCategory = new Map<string, Map<string, number>>();
  const types = new Map<number, string>();

  const add = (id: number, category: string, type: string): number => {
    const ofCategory = byCategory.get(category) ?? new Map<string, number>();
    byCategory.set(category, ofCategory.set(type, id));
    types.set(id, type);
    return id;
  };
  return {
    intern(category, type) {
      const known = byCategory.get(category)?.get(type);
      if (known !== undefined) return known;
      const id = types.size + 1;
      insert.run(id, category, type);
      return add(id, category, type);
    },
    typeOf(kind) {
      const type = types.get(kind);
      if (type === undefined) throw new CarillonError('store-corrupt', `The store has events of kind ${kind}, which has no name`);
      return type;
    },
    wanted(filter) {
      if (filter.types === null && filter.categories === null) return null;
      const wants = (category: string, type: string): boolean =>
        type === streamErased || ((filter.types?.has(type) ?? true) && (filter.categories?.has(category) ?? true));
      return [...byCategory].flatMap(([category, ofCategory]) =>
        [...ofCategory].flatMap(([type, id]) => (wants(category, type) ? id : [])),
      );
    },
    reload() {
      byCategory.clear();
      types.clear();
      for (const row of all.iterate()) add(row.id as number, row.category as string, row.type as string);
    },
  };
};
