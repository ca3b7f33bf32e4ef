import type { Service } from './api/service.ts';
import type { IntakeLine } from './core/intake.ts';
import type { Vault } from './ports/vault.ts';
import type { Inject } from './serve.ts';

export type AppOptions = {
  /** False: no port is opened; `inject` still answers. */
  readonly listen?: boolean;
  /** False: no slot is opened and no effect is called; for looking into a folder. */
  readonly ticker?: boolean;
  /** Facts to import before the schedules become active; their first instant is where the schedules begin. */
  readonly facts?: { readonly name: string; readonly lines: readonly IntakeLine[] };
};

/** A running Carillon. */
export type App = {
  readonly service: Service;
  readonly vault: Vault;
  readonly folder: string;
  /** `http://127.0.0.1:7070`; null when it does not listen. */
  readonly url: string | null;
  readonly tokenFile: string;
  /** The import of `facts`, when there is one. */
  readonly imported: string | null;
  /** Calls a route without a port, as the folder's admin. Throws `not-found` in a process without the role api. */
  readonly inject: Inject;
  /** Takes no new work, finishes what is in hand, and frees the folder. */
  close(): Promise<void>;
};
