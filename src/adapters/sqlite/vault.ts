import { hash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { CarillonError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Vault } from '../../ports/vault.ts';
import { blanked, blankRows } from './blanks.ts';
import { emptyWal, openDatabase, transaction } from './database.ts';
import { guarded } from './errors.ts';
import { compact, purge } from './purge.ts';

/** Personal data in one file. `compact` gives the room of removed data back; it blocks the process meanwhile. */
export type SqliteVault = Vault & {
  compact(): Promise<void>;
  /** Everybody, for a move to another vault. */
  entries(): Iterable<{ readonly subject: string; readonly fields: JsonObject }>;
};

type Entry = { readonly id: number; readonly subject: string; readonly fields: JsonObject };

/** `lookup` finds a subject's entry by the hash of its name: nothing of a subject is in a row that SQLite may move. */
const migrations = [
  `
  CREATE TABLE entries (id INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;
  CREATE TABLE lookup (hash INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (hash, id)) STRICT, WITHOUT ROWID;
  `,
];

/** 48 bits: a safe integer. */
const hashOf = (subject: string): number => Number.parseInt(hash('sha256', subject, 'hex').slice(0, 12), 16);

const parse = (id: number, body: unknown): Entry => {
  try {
    const [subject, fields] = JSON.parse(String(body)) as [string, JsonObject];
    return { id, subject, fields };
  } catch (error) {
    throw new CarillonError('store-corrupt', `Entry ${id} of the vault is not readable`, { id }, error);
  }
};

const pageSize = 500;

const createEntries = (db: DatabaseSync) => {
  const candidates = db.prepare('SELECT e.id, e.body FROM lookup l JOIN entries e ON e.id = l.id WHERE l.hash = ?');
  const last = db.prepare('SELECT max(id) AS id FROM entries');
  const insert = db.prepare('INSERT INTO entries (id, body) VALUES (?, ?)');
  const point = db.prepare('INSERT INTO lookup (hash, id) VALUES (?, ?)');
  const blank = db.prepare(`UPDATE entries SET ${blanked('body')} WHERE id = ?`);
  const unpoint = db.prepare('DELETE FROM lookup WHERE hash = ? AND id = ?');
  const page = db.prepare(`SELECT id, body FROM entries WHERE id > ? AND NOT ${blankRows('body')} ORDER BY id LIMIT ${pageSize}`);

  const find = (subject: string): Entry | null => {
    const entries = candidates.all(hashOf(subject)).map((row) => parse(row.id as number, row.body));
    return entries.find((entry) => entry.subject === subject) ?? null;
  };
  const add = (subject: string, fields: JsonObject): void => {
    const id = Number(last.get()?.id ?? 0) + 1;
    insert.run(id, JSON.stringify([subject, fields]));
    point.run(hashOf(subject), id);
  };
  const remove = ({ id, subject }: Entry): void => {
    blank.run(id);
    unpoint.run(hashOf(subject), id);
  };
  const after = (id: number): Entry[] => page.all(id).map((row) => parse(row.id as number, row.body));
  return { find, add, remove, after };
};

/** Opens the vault: durable when answered, and overwritten in the file when removed. Throws as `openDatabase` does. */
export const openSqliteVault = ({ file }: { readonly file: string }): SqliteVault => {
  const db = openDatabase({ file, migrations, synchronous: 'FULL', secureDelete: true });
  guarded(file, () => emptyWal(db));
  const entries = guarded(file, () => createEntries(db));

  /** A changed entry is a new one at the end. `null` removes it. */
  const change = (subject: string, next: (before: JsonObject | null) => JsonObject | null): void =>
    guarded(file, () =>
      transaction(db, () => {
        const before = entries.find(subject);
        const fields = next(before?.fields ?? null);
        if (before) entries.remove(before);
        if (fields) entries.add(subject, fields);
      }),
    );

  return {
    async put(subject, fields) {
      change(subject, (before) => ({ ...before, ...fields }));
    },
    get: async (subject) => guarded(file, () => entries.find(subject)?.fields ?? null),
    async scrub(subject, names) {
      change(subject, (before) => before && Object.fromEntries(Object.entries(before).filter(([name]) => !names.includes(name))));
      await purge(db, file);
    },
    async erase(subject) {
      change(subject, () => null);
      await purge(db, file);
    },
    *entries() {
      for (let id = 0; ; ) {
        const found = guarded(file, () => entries.after(id));
        yield* found.map(({ subject, fields }) => ({ subject, fields }));
        const last = found.at(-1);
        if (last === undefined) return;
        id = last.id;
      }
    },
    compact: () => compact(db, file, `DELETE FROM entries WHERE ${blankRows('body')}`),
    async close() {
      if (db.isOpen) db.close();
    },
  };
};
