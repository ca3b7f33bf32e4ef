import type { RecordedEvent } from '../core/event.ts';
import type { Json, JsonObject } from '../core/json.ts';
import { categoryOf } from '../core/stream.ts';

/** One event as every route shows it. */
export type EventView = {
  readonly position: string;
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
  readonly type: string;
  readonly data: Json;
  readonly metadata: object;
  readonly recordedAt: string;
};

/** Without a token's hash: nobody outside needs it. */
export const withoutSecrets = (category: string, value: Json): Json => {
  if (category !== 'engine.token' || typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const { sha256: _, ...rest } = value as JsonObject;
  return rest;
};

export const eventView = (event: RecordedEvent): EventView => {
  const { position, stream, revision, id, type, data, metadata, recordedAt } = event;
  return { position, stream, revision, id, type, data: withoutSecrets(categoryOf(stream), data), metadata, recordedAt };
};
