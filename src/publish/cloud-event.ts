import { commandRejected, type RecordedEvent, streamErased } from '../core/event.ts';
import type { Json } from '../core/json.ts';
import type { Registry } from '../core/registry.ts';
import { categoryOf, contextOf, idOf } from '../core/stream.ts';

/** A public event: CloudEvents 1.0 with its official extensions `sequence`, `recordedtime`, `traceparent`, and our own. */
export type CloudEvent = {
  readonly specversion: '1.0';
  /** The event's id: whoever takes events twice takes them by this. */
  readonly id: string;
  readonly source: string;
  /** `giving.escrow.EscrowReleased`. */
  readonly type: string;
  /** The entity's id. */
  readonly subject: string;
  /** When it took effect. */
  readonly time: string;
  readonly recordedtime: string;
  readonly datacontenttype?: 'application/json';
  /** Ends in the major version. */
  readonly dataschema?: string;
  /** Place in the log: text order is log order. */
  readonly sequence: string;
  /** Place among the events of the entity, from 0, without holes. */
  readonly streamrevision: number;
  readonly correlationid: string;
  readonly causationid: string;
  readonly traceparent?: string;
  /** The import that brought it: a fact of the past, told late. */
  readonly imported?: string;
  readonly data?: Json;
};

const internal = 'engine.';

/** Domain events are public; the engine's own and recorded refusals are not. */
export const isPublic = ({ stream, type }: Pick<RecordedEvent, 'stream' | 'type'>): boolean =>
  !stream.startsWith(internal) && type !== commandRejected;

export const publicCategories = (registry: Registry): readonly string[] =>
  [...registry.deciders.keys()].filter((category) => !category.startsWith(internal));

export const publicType = ({ stream, type }: Pick<RecordedEvent, 'stream' | 'type'>): string => `${categoryOf(stream)}.${type}`;

const majorOf = ({ metadata }: Pick<RecordedEvent, 'metadata'>): string => metadata.schema.split('.', 1)[0] || '1';

/** `giving.escrow.EscrowReleased.v1`. */
export const routingKey = (event: RecordedEvent): string => `${publicType(event)}.v${majorOf(event)}`;

/** The one mapper from recorded events to what others read, whatever the channel. */
export const toCloudEvent = (event: RecordedEvent): CloudEvent => {
  const { id, stream, revision, position, recordedAt, metadata, data } = event;
  const type = publicType(event);
  const content =
    event.type === streamErased
      ? {}
      : { datacontenttype: 'application/json' as const, dataschema: `urn:carillon:${type}:v${majorOf(event)}`, data };
  return {
    specversion: '1.0',
    id,
    source: `/carillon/${contextOf(categoryOf(stream))}`,
    type,
    subject: idOf(stream),
    time: metadata.asOf,
    recordedtime: recordedAt,
    sequence: position,
    streamrevision: revision,
    correlationid: metadata.correlationId,
    causationid: metadata.causationId,
    ...(metadata.traceparent === undefined ? {} : { traceparent: metadata.traceparent }),
    ...(metadata.imported === undefined ? {} : { imported: metadata.imported }),
    ...content,
  };
};
