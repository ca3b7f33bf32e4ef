import type { Instant } from '../core/instant.ts';

/** A message. The body is plain data and is not changed after publishing. */
export type Message = {
  readonly id: string;
  readonly type: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
};

/** What a handler says of a delivery: done, try again at an instant, or park it with a reason. */
export type Verdict = 'ack' | { readonly retryAt: Instant } | { readonly park: string };

export type Topology = {
  readonly exchanges: readonly { readonly name: string; readonly kind: 'topic' | 'direct' | 'fanout' }[];
  readonly queues: readonly { readonly name: string /** Gone with its process: reply queues. */; readonly transient?: boolean }[];
  readonly bindings: readonly { readonly exchange: string; readonly queue: string; readonly key: string }[];
};

export type ConsumeOptions = {
  /** Deliveries in hand at once. */
  readonly prefetch: number;
};
export type Consumer = { /** No new deliveries; resolves when those in hand are answered. */ stop(): Promise<void> };
export type Handler = (message: Message, attempt: number) => Promise<Verdict>;

/**
 * The doorbell. Delivery is at least once, in order per queue, to one consumer at a time (single active consumer).
 * Nothing that matters lives only here. Throws `broker-unavailable`; an unroutable message is an error too.
 */
export interface Broker {
  /** Idempotent. */
  declare(topology: Topology): Promise<void>;
  /** Resolves when the broker holds it. Urgent messages are delivered first. */
  publish(exchange: string, key: string, message: Message, options?: { readonly urgent?: boolean }): Promise<void>;
  consume(queue: string, options: ConsumeOptions, handler: Handler): Promise<Consumer>;
  /** Messages waiting in a queue. */
  depth(queue: string): Promise<number>;
  close(): Promise<void>;
}

export const exchanges = {
  ticks: 'carillon.ticks',
  commands: 'carillon.commands',
  replies: 'carillon.replies',
  parked: 'carillon.parked',
  events: 'carillon.events',
} as const;
