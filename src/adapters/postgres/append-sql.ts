import { holdPositions } from './advisory.ts';

/** With a limit, PostgreSQL looks each of them up by its index, whatever it believes of the size of the tables. */
const streamOfItem = 'SELECT id, erased FROM carillon.streams WHERE name = item.name LIMIT 1';
const newestOfStream = 'SELECT revision FROM carillon.events WHERE stream = s.id ORDER BY revision DESC LIMIT 1';

/**
 * One statement for a batch of distinct streams. Each item's first event decides: it goes in when the stream stands at the
 * expected revision and nobody else takes the next one; its other events follow only then. Names and streams are gone through
 * in order, so that two batches cannot wait for each other.
 *
 * Items: $1 names, $2 expected revisions (-1: no stream), $3 kinds, $4 ids, $5 bodies; $6 is the time. Further events of
 * items: $7 the item, $8 the step after the first event, $9 kinds, $10 ids, $11 bodies.
 * Answers the last position of each item that went in, by the item's number counted from 1.
 */
export const appendSql = `
WITH item AS MATERIALIZED (
  SELECT * FROM unnest($1::text[], $2::integer[], $3::integer[], $4::text[], $5::text[])
    WITH ORDINALITY AS t (name, expected, kind, id, body, item)
), made AS (
  INSERT INTO carillon.streams (name) SELECT name FROM item WHERE expected = -1 ORDER BY name COLLATE "C"
  ON CONFLICT (name) DO NOTHING RETURNING id, name
), target AS (
  SELECT item.*, made.id AS stream FROM item JOIN made ON made.name = item.name
  UNION ALL
  SELECT item.*, s.id FROM item CROSS JOIN LATERAL (${streamOfItem}) AS s CROSS JOIN LATERAL (${newestOfStream}) AS newest
  WHERE item.expected >= 0 AND NOT s.erased AND newest.revision = item.expected
), held AS MATERIALIZED (
  ${holdPositions}
), first AS (
  INSERT INTO carillon.events (position, stream, revision, kind, recorded_at, id, body)
  SELECT nextval('carillon.positions'), stream, expected + 1, kind, $6::bigint, id, body
  FROM (SELECT target.* FROM held CROSS JOIN target ORDER BY target.stream) AS ordered
  ON CONFLICT (stream, revision) DO NOTHING RETURNING stream, position
), rest AS (
  INSERT INTO carillon.events (position, stream, revision, kind, recorded_at, id, body)
  SELECT nextval('carillon.positions'), stream, revision, kind, $6::bigint, id, body
  FROM (
    SELECT target.stream, target.expected + 1 + more.step AS revision, more.kind, more.id, more.body
    FROM unnest($7::integer[], $8::integer[], $9::integer[], $10::text[], $11::text[]) AS more (item, step, kind, id, body)
    JOIN target ON target.item = more.item JOIN first ON first.stream = target.stream
    ORDER BY target.stream, more.step
  ) AS ordered
  RETURNING stream, position
)
SELECT target.item, max(written.position) FROM target
JOIN (SELECT stream, position FROM first UNION ALL SELECT stream, position FROM rest) AS written ON written.stream = target.stream
GROUP BY target.item`;

/**
 * How the streams of refused items stand, and what they have where the item's events would be.
 * $1 names, $2 expected revisions (-1: no stream), $3 numbers of events.
 */
export const standingSql = `
SELECT item.item, s.erased, newest.revision, e.id, e.position
FROM unnest($1::text[], $2::integer[], $3::integer[]) WITH ORDINALITY AS item (name, expected, events, item)
CROSS JOIN LATERAL (${streamOfItem}) AS s CROSS JOIN LATERAL (${newestOfStream}) AS newest
LEFT JOIN LATERAL (
  SELECT revision, id, position FROM carillon.events WHERE stream = s.id AND revision > item.expected
  AND revision <= item.expected + item.events ORDER BY revision LIMIT item.events
) AS e ON true
ORDER BY item.item, e.revision`;
