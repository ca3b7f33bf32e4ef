import type { Instant } from '../core/instant.ts';
import type { JsonObject } from '../core/json.ts';
import type { EventStore } from '../ports/event-store.ts';
import type { ReadModels } from '../ports/read-models.ts';
import type { Vault } from '../ports/vault.ts';

/** What the vault holds of one person. */
export type VaultEntry = { readonly subject: string; readonly fields: JsonObject };

/** Where a move comes from: a folder that no server has open. */
export type Origin = {
  readonly store: EventStore;
  /** Everything in the vault, in a fixed order. */
  vaultEntries(): Iterable<VaultEntry>;
};

/** Where a move goes to. */
export type Destination = {
  readonly store: EventStore;
  readonly vault: Vault;
  readonly readModels: Pick<ReadModels, 'open' | 'commit'>;
  /** Names of the reactors that will go over the log there. */
  readonly reactors: readonly string[];
  /** What the store's clock says from now on. */
  stand(at: Instant): void;
  /** False when the store stamps its own time on an event: then the original one goes into the metadata. */
  readonly keepsTime: boolean;
};

/** Both sides of a move, open. */
export type Move = { readonly from: Origin; readonly to: Destination; close(): Promise<void> };

/** Told after each step: the share done of the whole, and what is being done. */
export type Progress = (step: 'resume' | 'copy' | 'verify', done: number, total: number) => void;
