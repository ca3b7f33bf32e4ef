import type { JsonObject } from './json.ts';

/** Personal data, outside the log: events hold subject ids, the vault holds the rest. */
export interface Vault {
  /** Sets the given fields of a subject; others stay. */
  put(subject: string, fields: JsonObject): Promise<void>;
  get(subject: string): Promise<JsonObject | null>;
  /** Removes the named fields. */
  scrub(subject: string, fields: readonly string[]): Promise<void>;
  /** Removes the subject, bytes included. */
  erase(subject: string): Promise<void>;
  close(): Promise<void>;
}
