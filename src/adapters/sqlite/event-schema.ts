/**
 * `streams` interns names, `kinds` pairs of category and event type. `body` is JSON: `[data, metadata]`. A row of `events` sits at its position, so appending
 * writes the end of the file only and the log is read in storage order. `stream_index` (by hash of the name) and
 * `event_index` (by stream) are filled in bulk, up to the marks in `indexed`: see bulk-index.ts.
 */
export const eventMigrations: readonly string[] = [
  `
  CREATE TABLE streams (id INTEGER PRIMARY KEY, name TEXT NOT NULL, erased INTEGER NOT NULL DEFAULT 0) STRICT;
  CREATE TABLE kinds (id INTEGER PRIMARY KEY, category TEXT NOT NULL, type TEXT NOT NULL, UNIQUE (category, type)) STRICT;
  CREATE TABLE events (
    position INTEGER PRIMARY KEY,
    stream INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    id TEXT NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  CREATE TABLE stream_index (hash INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (hash, id)) STRICT, WITHOUT ROWID;
  CREATE TABLE event_index (stream INTEGER NOT NULL, revision INTEGER NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (stream, revision)) STRICT, WITHOUT ROWID;
  CREATE TABLE indexed (name TEXT PRIMARY KEY, up_to INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO indexed VALUES ('streams', 0), ('events', 0);
  `,
];
