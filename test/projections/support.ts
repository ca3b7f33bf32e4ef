import { onTestFinished } from 'vitest';
import { openSqliteReadModels } from '../../src/adapters/sqlite/read-models.ts';
import type { Metadata, Position, RecordedEvent, StreamName } from '../../src/core/event.ts';
import { type Instant, instant } from '../../src/core/instant.ts';
import type { Json } from '../../src/core/json.ts';
import type { Projection, Row } from '../../src/core/projection.ts';
import type { ReadModels } from '../../src/ports/read-models.ts';
import { type BadEvent, project } from '../../src/projections/projector.ts';

export const positionOf = (place: number): Position => String(place).padStart(16, '0') as Position;

export const noon = instant('2026-11-24T12:00:00.000Z');

export type Fact = {
  readonly stream: string;
  readonly type: string;
  readonly data?: Json;
  readonly recordedAt?: Instant;
  readonly metadata?: Partial<Metadata>;
};

/** A projection on read models in memory, fed with facts as if a store had recorded them. */
export const openProjection = async (projection: Projection) => {
  const readModels: ReadModels = openSqliteReadModels({ file: ':memory:' });
  onTestFinished(() => readModels.close());
  await readModels.open(projection, 'live');
  const revisions = new Map<string, number>();
  const bad: { readonly event: RecordedEvent; readonly error: unknown }[] = [];
  let head = 0;
  const onBadEvent: BadEvent = (_name, event, error) => void bad.push({ event, error });

  const record = ({ stream, type, data = {}, recordedAt = noon, metadata = {} }: Fact): RecordedEvent => {
    const revision = revisions.get(stream) ?? 0;
    revisions.set(stream, revision + 1);
    head += 1;
    const position = positionOf(head);
    const plain: Metadata = { correlationId: 'c', causationId: 'k', asOf: recordedAt, rule: 'test', schema: '1' };
    return {
      id: `e-${head}`,
      type,
      data,
      stream: stream as StreamName,
      revision,
      position,
      recordedAt,
      metadata: { ...plain, ...metadata },
    };
  };

  return {
    readModels,
    bad,
    /** Applies facts in one page. */
    feed: async (...facts: readonly Fact[]): Promise<void> => {
      const previous = head === 0 ? null : positionOf(head);
      const events = facts.map(record);
      if (events.length > 0) await project(readModels, projection, { events, upTo: positionOf(head) }, previous, { onBadEvent });
    },
    /** All rows of a table, in key order. */
    rows: (table: string): Promise<readonly Row[]> => readModels.list(table, { limit: 1_000 }),
  };
};
