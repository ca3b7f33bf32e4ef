import type { ImportProgress, IntakeLine } from '../core/intake.ts';
import type { Look } from '../core/job.ts';
import type { JsonObject } from '../core/json.ts';
import type { Registry } from '../core/registry.ts';
import type { Clock, Ids } from '../ports/clock.ts';
import type { Commands } from '../ports/commands.ts';
import type { EventStore } from '../ports/event-store.ts';
import type { Observers } from '../ports/observers.ts';
import type { ReadModels } from '../ports/read-models.ts';
import type { Vault } from '../ports/vault.ts';

export type { ImportProgress, IntakeLine };

/** One thing that must be well for the service to take work; `detail` says what is wrong in words. */
export type Check = { readonly name: string; readonly ok: boolean; readonly detail: string };

/** Where secrets come from. */
export type Secrets = {
  /** 32 random bytes as base64url: 43 characters. */
  token(): string;
};

/** What the api and the command line need of a running app; `createApp` gives it. */
export type Service = {
  readonly registry: Registry;
  readonly partitions: number;
  readonly store: EventStore;
  readonly readModels: ReadModels;
  readonly commands: Commands;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly secrets: Secrets;
  readonly observers: Observers;
  readonly version: string;
  /** The effective configuration with secrets masked, and where each value came from. */
  readonly config: { readonly values: JsonObject; readonly sources: JsonObject };
  readonly vault: Vault;
  /** What jobs see outside, for simulations. */
  readonly look: Look;
  readiness(): Promise<readonly Check[]>;
  readonly projections: {
    list(): Promise<
      readonly { readonly name: string; readonly version: number; readonly checkpoint: string | null; readonly lag: number }[]
    >;
    rebuild(name: string, progress?: (done: number, total: number) => void): Promise<{ readonly events: number; readonly hash: string }>;
    verify(
      name: string,
      progress?: (done: number, total: number) => void,
    ): Promise<{ readonly equal: boolean; readonly live: string; readonly rebuilt: string }>;
  };
  readonly imports: {
    /** Checks the whole file first (`import-invalid` names the line), then runs in the background; the same file again goes on where it stopped. */
    start(name: string, lines: readonly IntakeLine[], by: string, reason: string): Promise<ImportProgress>;
    progress(id: string): Promise<ImportProgress | null>;
  };
  /** Prometheus text, or null when metrics are off. */
  metrics(): Promise<string | null>;
  /** Copies the event store and the vault, consistent, into a new folder. */
  /** Rewrites the files without what was removed; sizes in bytes. */
  compact(): Promise<{ readonly bytesBefore: number; readonly bytesAfter: number }>;
  backup(folder: string): Promise<{ readonly files: readonly string[]; readonly position: string | null }>;
};
