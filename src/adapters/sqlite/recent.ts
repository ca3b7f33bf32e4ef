/**
 * Remembers what was used lately: two maps, and when the newer one is full the older one is forgotten. Nearly as good as
 * an LRU at the price of a plain map.
 */
export type Recent<K, V> = { get(key: K): V | undefined; set(key: K, value: V): void; clear(): void };

export const createRecent = <K, V>(size: number): Recent<K, V> => {
  let newer = new Map<K, V>();
  let older = new Map<K, V>();
  const set = (key: K, value: V): void => {
    newer.set(key, value);
    if (newer.size < size) return;
    older = newer;
    newer = new Map();
  };
  return {
    set,
    get(key) {
      const found = newer.get(key);
      if (found !== undefined) return found;
      const old = older.get(key);
      if (old !== undefined) set(key, old);
      return old;
    },
    clear() {
      newer = new Map();
      older = new Map();
    },
  };
};
