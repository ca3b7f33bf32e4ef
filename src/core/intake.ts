import type { Instant } from './instant.ts';
import type { JsonObject } from './json.ts';

/** An intake line: what a file or a client may send. `asOf` is only allowed in an import. */
export type IntakeLine = {
  readonly id: string;
  readonly to: string;
  readonly type: string;
  readonly data: JsonObject;
  readonly asOf?: Instant;
};

export type ImportProgress = {
  readonly id: string;
  readonly status: 'running' | 'finished' | 'failed';
  readonly lines: number;
  readonly done: number;
  readonly cursor: Instant | null;
  /** Effects of its facts that wait for approval. */
  readonly held: number;
  readonly message?: string;
};
