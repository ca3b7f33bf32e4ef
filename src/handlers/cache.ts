import type { StreamName } from '../core/event.ts';
import type { Loaded } from './load.ts';

/** Roughly how many bytes a value holds; good enough to bound a cache. */
const sizeOf = (value: unknown): number => {
  if (typeof value === 'string') return 24 + value.length;
  if (typeof value !== 'object' || value === null) return 8;
  let size = 32;
  for (const key in value) size += key.length + sizeOf((value as Record<string, unknown>)[key]);
  return size;
};

/** Actors that were loaded lately, least recently used first out, bounded in bytes. */
export type ActorCache = {
  get(stream: StreamName): Loaded | undefined;
  set(stream: StreamName, loaded: Loaded): void;
  delete(stream: StreamName): void;
  clear(): void;
};

/** `maxBytes` bounds the whole cache of one process. */
export const createActorCache = (maxBytes = 32 * 1024 * 1024): ActorCache => {
  const entries = new Map<StreamName, { readonly loaded: Loaded; readonly size: number }>();
  let bytes = 0;
  const remove = (stream: StreamName): void => {
    const entry = entries.get(stream);
    if (entry === undefined) return;
    bytes -= entry.size;
    entries.delete(stream);
  };
  return {
    get: (stream) => {
      const entry = entries.get(stream);
      if (entry === undefined) return undefined;
      entries.delete(stream);
      entries.set(stream, entry);
      return entry.loaded;
    },
    set: (stream, loaded) => {
      remove(stream);
      const size = 200 + sizeOf(loaded.state) + loaded.causes.size * 250;
      entries.set(stream, { loaded, size });
      bytes += size;
      for (const oldest of entries.keys()) {
        if (bytes <= maxBytes) break;
        remove(oldest);
      }
    },
    delete: remove,
    clear: () => {
      entries.clear();
      bytes = 0;
    },
  };
};
