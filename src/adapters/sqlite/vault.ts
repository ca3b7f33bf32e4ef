import { CarillonError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Vault } from '../../ports/vault.ts';
import { emptyWal, openDatabase, transaction } from './database.ts';
import { guarded } from './errors.ts';
import { purge } from './purge.ts';

const migrations = ['CREATE TABLE subjects (subject TEXT PRIMARY KEY, fields TEXT NOT NULL) STRICT'];

const parse = (subject: string, text: unknown): JsonObject => {
  try {
    return JSON.parse(String(text)) as JsonObject;
  } catch (error) {
    throw new CarillonError('store-corrupt', `The vault's entry of ${subject} is not JSON`, {}, error);
  }
};

/** Personal data in one SQLite file: durable when answered, and overwritten in the file when removed. */
export const openSqliteVault = ({ file }: { readonly file: string }): Vault => {
  const db = openDatabase({ file, migrations, synchronous: 'FULL', secureDelete: true });
  guarded(file, () => emptyWal(db));
  const select = db.prepare('SELECT fields FROM subjects WHERE subject = ?');
  const upsert = db.prepare(
    'INSERT INTO subjects (subject, fields) VALUES (?, ?) ON CONFLICT (subject) DO UPDATE SET fields = excluded.fields',
  );
  const remove = db.prepare('DELETE FROM subjects WHERE subject = ?');

  const find = (subject: string): JsonObject | null => {
    const row = select.get(subject);
    return row ? parse(subject, row.fields) : null;
  };
  const write = (work: () => void): void => guarded(file, () => transaction(db, work));

  return {
    async put(subject, fields) {
      write(() => upsert.run(subject, JSON.stringify({ ...find(subject), ...fields })));
    },
    get: async (subject) => guarded(file, () => find(subject)),
    async scrub(subject, fields) {
      write(() => {
        const before = find(subject);
        if (!before) return;
        upsert.run(subject, JSON.stringify(Object.fromEntries(Object.entries(before).filter(([field]) => !fields.includes(field)))));
      });
      await purge(db, file);
    },
    async erase(subject) {
      write(() => remove.run(subject));
      await purge(db, file);
    },
    async close() {
      if (db.isOpen) db.close();
    },
  };
};
