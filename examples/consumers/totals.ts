import { DatabaseSync } from 'node:sqlite';

/** What these consumers need of an event, whatever the channel it came by. */
export type Released = { readonly id: string; readonly recipient: string; readonly cents: string };

/**
 * A consumer's own data: how much was released to whom. What was seen, the view and the place to go on from change in one transaction:
 * delivery is at least once, and this makes the effect once.
 */
export const openTotals = (file: string) => {
  const db = new DatabaseSync(file);
  db.exec(`
    PRAGMA journal_mode = WAL;
    CREATE TABLE IF NOT EXISTS seen (id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS totals (recipient TEXT PRIMARY KEY, cents TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS place (one INTEGER PRIMARY KEY CHECK (one = 1), at TEXT NOT NULL) STRICT;
  `);
  const see = db.prepare('INSERT INTO seen VALUES (?) ON CONFLICT DO NOTHING');
  const get = db.prepare('SELECT cents FROM totals WHERE recipient = ?');
  const put = db.prepare('INSERT OR REPLACE INTO totals VALUES (?, ?)');
  const move = db.prepare('INSERT OR REPLACE INTO place VALUES (1, ?)');
  const placed = db.prepare('SELECT at FROM place');

  return {
    /** Where to go on, for channels where the reader keeps the place; null at first. */
    place: (): string | null => (placed.get() as { at: string } | undefined)?.at ?? null,
    /** Takes an event once, and moves the place in any case. */
    take: ({ id, recipient, cents }: Released, place?: string): void => {
      db.exec('BEGIN IMMEDIATE');
      try {
        const fresh = see.run(id).changes === 1;
        const before = (get.get(recipient) as { cents: string } | undefined)?.cents ?? '0';
        // Money is text in events: a number would lose cents beyond 2^53.
        const after = String(BigInt(before) + BigInt(cents));
        if (fresh) put.run(recipient, after);
        if (place !== undefined) move.run(place);
        db.exec('COMMIT');
        console.log(fresh ? `took ${id}: ${recipient} has ${after}` : `again ${id}: left alone`);
      } catch (error) {
        db.exec('ROLLBACK');
        throw error;
      }
    },
    close: (): void => db.close(),
  };
};
