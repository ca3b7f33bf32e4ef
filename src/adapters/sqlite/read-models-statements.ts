import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { deleteSql, getSql, type Physical, upsertSql } from './read-models-schema.ts';

/** The statements of a table, prepared once: a page of events writes thousands of rows. */
type Prepared = { readonly upsert: StatementSync; readonly remove: StatementSync; readonly get: StatementSync };

/** Prepared statements by text and by table; `clear` after the tables changed. */
export const createStatements = (db: DatabaseSync) => {
  const byText = new Map<string, StatementSync>();
  let byTable = new WeakMap<Physical, Prepared>();
  return {
    of(sql: string): StatementSync {
      const known = byText.get(sql);
      if (known !== undefined) return known;
      const made = db.prepare(sql);
      byText.set(sql, made);
      return made;
    },
    table(table: Physical): Prepared {
      const known = byTable.get(table);
      if (known !== undefined) return known;
      const made = { upsert: db.prepare(upsertSql(table)), remove: db.prepare(deleteSql(table)), get: db.prepare(getSql(table)) };
      byTable.set(table, made);
      return made;
    },
    clear(): void {
      byText.clear();
      byTable = new WeakMap();
    },
  };
};

export type Statements = ReturnType<typeof createStatements>;
