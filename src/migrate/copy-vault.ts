import { canonical } from '../core/json.ts';
import type { Vault } from '../ports/vault.ts';
import type { VaultEntry } from './move.ts';

/** Writes each person's fields into the target, and takes away what a run before wrote and the origin has no more. Returns how many people there are. */
export const copyVault = async (entries: Iterable<VaultEntry>, target: Vault): Promise<number> => {
  let subjects = 0;
  for (const { subject, fields } of entries) {
    subjects++;
    const there = await target.get(subject);
    if (there !== null && canonical(there) === canonical(fields)) continue;
    const gone = Object.keys(there ?? {}).filter((name) => !(name in fields));
    if (gone.length > 0) await target.scrub(subject, gone);
    await target.put(subject, fields);
  }
  return subjects;
};
