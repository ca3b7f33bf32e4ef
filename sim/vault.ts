import type { JsonObject } from '../src/core/json.ts';
import type { Vault } from '../src/ports/vault.ts';

/** A vault in a map: no rule of the simulated contexts uses it. */
export const createSimVault = (): Vault => {
  const subjects = new Map<string, JsonObject>();
  return {
    put: async (subject, fields) => void subjects.set(subject, { ...subjects.get(subject), ...fields }),
    get: async (subject) => subjects.get(subject) ?? null,
    scrub: async (subject, names) => {
      const fields = Object.entries(subjects.get(subject) ?? {}).filter(([name]) => !names.includes(name));
      if (subjects.has(subject)) subjects.set(subject, Object.fromEntries(fields));
    },
    erase: async (subject) => void subjects.delete(subject),
    close: async () => undefined,
  };
};
