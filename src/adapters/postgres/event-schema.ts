import type { Part } from './migrate.ts';

/**
 * `streams` interns names, `kinds` pairs of category and event type. `body` is JSON: `[data, metadata]`, as text, because jsonb
 * refuses some JSON. An event's `(stream, revision)` is the expected revision's fence: rows whose content was removed stay,
 * without id and body, so that an append that read before the removal finds its place taken (see event-removal.ts).
 */
export const eventPart: Part = {
  part: 'events',
  durable: true,
  migrations: [
    `
    CREATE TABLE carillon.streams (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      name text COLLATE "C" NOT NULL UNIQUE,
      erased boolean NOT NULL DEFAULT false
    );
    CREATE TABLE carillon.kinds (
      id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      category text COLLATE "C" NOT NULL,
      type text COLLATE "C" NOT NULL,
      UNIQUE (category, type)
    );
    CREATE SEQUENCE carillon.positions;
    CREATE TABLE carillon.events (
      position bigint PRIMARY KEY,
      stream bigint NOT NULL,
      recorded_at bigint NOT NULL,
      revision integer NOT NULL,
      kind integer NOT NULL,
      id text COLLATE "C" NOT NULL,
      body text COLLATE "C" NOT NULL,
      UNIQUE (stream, revision)
    );
    `,
  ],
};
