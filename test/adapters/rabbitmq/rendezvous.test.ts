import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ownerOf, shareOf } from '../../../src/adapters/rabbitmq/rendezvous.ts';
import { createSystemIds } from '../../../src/adapters/system/ids.ts';

const partitions = Array.from({ length: 1_000 }, (_, index) => index);
const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 12 });
const owners = (members: readonly string[]) => partitions.map((partition) => ownerOf(partition, members));

describe('rendezvous hashing', () => {
  it('gives every partition to one member, whatever the order in which they are known', () => {
    fc.assert(
      fc.property(names, (members) => {
        expect(owners(members)).toEqual(owners([...members].reverse()));
        expect(members.reduce((sum, member) => sum + shareOf(member, members, 1_000).size, 0)).toBe(1_000);
      }),
      { numRuns: 50 },
    );
  });

  it('moves only what the one who comes takes and the one who goes had', () => {
    fc.assert(
      fc.property(names, fc.string({ minLength: 41, maxLength: 42 }), (members, comes) => {
        const [before, after] = [owners(members), owners([...members, comes])];
        for (const partition of partitions) expect([before[partition], comes]).toContain(after[partition]);
      }),
      { numRuns: 50 },
    );
  });

  it.each([2, 3, 5, 10])('spreads evenly over %i instances', (count) => {
    const ids = createSystemIds();
    const members = Array.from({ length: count }, () => ids.next());
    for (const member of members) {
      const share = shareOf(member, members, 10_000).size * count;
      expect(share).toBeGreaterThan(8_500);
      expect(share).toBeLessThan(11_500);
    }
  });

  it('gives nobody anything when nobody is there', () => {
    expect(ownerOf(0, [])).toBe(null);
    expect(shareOf('a', ['a'], 3)).toEqual(new Set([0, 1, 2]));
  });
});
