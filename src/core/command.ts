import type { Position, Revision, StreamName } from './event.ts';
import type { Instant } from './instant.ts';
import type { Json } from './json.ts';

/** A wish addressed to one actor. The same id is done at most once, whoever sends it and however often. */
export type Command<T extends string = string, D = Json> = {
  /** Chosen by a person's client, or computed from what caused it (`core/ids.ts`). */
  readonly id: string;
  readonly to: StreamName;
  readonly type: T;
  readonly data: D;
  /** The instant of the wish: a person's is stamped at arrival, a reactor's is its event's. */
  readonly asOf: Instant;
  /** What the command belongs to: a slot, or the command that started the chain; its own id when absent. */
  readonly correlationId?: string;
  readonly by?: string;
  readonly reason?: string;
  /** Hops from the first command of the chain; a reactor's commands carry one more than their event's. */
  readonly hops?: number;
  /** The import whose facts led to this. */
  readonly imported?: string;
  readonly traceparent?: string;
};

/** What `decide` sees of a command. */
export type Wish<T extends string = string, D = Json> = Pick<Command<T, D>, 'type' | 'data' | 'asOf'> &
  Partial<Pick<Command, 'id' | 'by' | 'reason' | 'imported'>>;

/** What became of a command. Sent back only when it is durable. */
export type Answer =
  | {
      readonly kind: 'accepted';
      readonly stream: StreamName;
      readonly rule: string;
      readonly revision: Revision;
      readonly position: Position;
      readonly events: readonly string[];
      /** True when the command had been done before and this is the answer of then. */
      readonly repeated?: boolean;
    }
  | {
      readonly kind: 'ignored' | 'rejected';
      readonly stream: StreamName;
      readonly rule: string;
      readonly facts?: Json;
      readonly repeated?: boolean;
    }
  | { readonly kind: 'failed'; readonly stream: StreamName; readonly code: string; readonly message: string; readonly transient: boolean };
