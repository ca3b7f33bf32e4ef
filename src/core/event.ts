import type { Instant } from './instant.ts';
import type { Json } from './json.ts';

/** `context.noun-id`: the category before the first hyphen, the id behind it. */
export type StreamName = `${string}-${string}`;

/** Place of an event in its stream; the first event is 0 in every store. */
export type Revision = number;

/** Place of an event in the whole log, zero-padded: text order is log order. */
export type Position = string & { readonly __brand: 'Position' };

/** What happened, in the words of the domain. */
export type DomainEvent<T extends string = string, D = Json> = { readonly type: T; readonly data: D };

/**
 * Where an event came from: one flat string map, as AMQP headers and KurrentDB metadata ask for.
 * `correlationId` is a slot or a command, `causationId` a command's id or `due`.
 */
export type Metadata = {
  readonly correlationId: string;
  readonly causationId: string;
  /** The instant at which the decision took effect. */
  readonly asOf: Instant;
  /** The rule that the decision named. */
  readonly rule: string;
  readonly schema: string;
  /** SHA-256 of the command's type and data: the same id with another payload is a conflict. */
  readonly commandHash?: string;
  /** The job whose due transition this was. */
  readonly job?: string;
  /** JSON text of the facts that the rule looked at. */
  readonly facts?: string;
  readonly by?: string;
  readonly reason?: string;
  /** Hops of reactors from the first command of the chain; absent for 0. */
  readonly hops?: string;
  /** The import whose facts led to this: effects of such events are held. */
  readonly imported?: string;
  readonly traceparent?: string;
};

/** An event on its way into the store; its id is fresh (UUID v7). */
export type NewEvent = DomainEvent & { readonly id: string; readonly metadata: Metadata };

/** An event as the store holds it. */
export type RecordedEvent = NewEvent & {
  readonly stream: StreamName;
  readonly revision: Revision;
  readonly position: Position;
  readonly recordedAt: Instant;
};

/** A recorded event whose data the reader knows: reactors and boards name the events they are written for. */
export type Recorded<E extends DomainEvent> = E & Omit<RecordedEvent, 'type' | 'data'>;

/** The type of the marker that stays when a stream is erased; projections drop the stream's rows when they meet it. */
export const streamErased = 'StreamErased';

/** The type of a recorded refusal; no actor evolves on it. */
export const commandRejected = 'CommandRejected';
