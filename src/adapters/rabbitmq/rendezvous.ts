import { hash32 } from '../../core/partition.ts';

/** Spreads what differs in a few bits over all of them; FNV-1a alone leaves names that differ in their last letter close together. */
const mixed = (hash: number): number => {
  let mix = hash;
  mix = Math.imul(mix ^ (mix >>> 16), 0x85ebca6b);
  mix = Math.imul(mix ^ (mix >>> 13), 0xc2b2ae35);
  return (mix ^ (mix >>> 16)) >>> 0;
};

/**
 * Who owns a partition: the member with the highest score for it (rendezvous hashing). All who know the same members
 * agree, in whatever order they know them, and one that comes or goes moves only its own share.
 */
export const ownerOf = (partition: number, members: Iterable<string>): string | null => {
  let owner: string | null = null;
  let best = -1;
  for (const member of members) {
    const score = mixed(hash32(`${member} ${partition}`));
    if (score > best || (score === best && owner !== null && member > owner)) {
      owner = member;
      best = score;
    }
  }
  return owner;
};

/** The partitions, from 0, that fall to one of the members. */
export const shareOf = (member: string, members: Iterable<string>, partitions: number): ReadonlySet<number> => {
  const all = [...members];
  return new Set(Array.from({ length: partitions }, (_, partition) => partition).filter((partition) => ownerOf(partition, all) === member));
};
