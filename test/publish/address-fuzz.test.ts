import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isPublicAddress } from '../../src/adapters/http/address-guard.ts';
import { createPost } from '../../src/adapters/http/post.ts';

const runs = 1_000;
const byte = fc.nat(255);

/** IPv4 addresses that must not be called, as their four bytes. */
const inside = fc.oneof(
  fc.tuple(fc.constantFrom(0, 10, 127), byte, byte, byte),
  fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), byte, byte),
  fc.tuple(fc.constant(192), fc.constant(168), byte, byte),
  fc.tuple(fc.constant(169), fc.constant(254), byte, byte),
  fc.tuple(fc.constant(100), fc.integer({ min: 64, max: 127 }), byte, byte),
  fc.tuple(fc.integer({ min: 224, max: 255 }), byte, byte, byte),
);

const numberOf = (bytes: readonly number[]): number => bytes.reduce((sum, each) => sum * 256 + each, 0);
const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');
const pairs = (bytes: readonly number[]): string => `${hex(bytes[0]! * 256 + bytes[1]!, 4)}:${hex(bytes[2]! * 256 + bytes[3]!, 4)}`;

/** The ways of writing an IPv4 address that a URL takes, and those of IPv6 that lead to it. */
const ways: readonly ((bytes: readonly number[]) => string)[] = [
  (bytes) => bytes.join('.'),
  (bytes) => `${bytes.join('.')}.`,
  (bytes) => String(numberOf(bytes)),
  (bytes) => `0x${hex(numberOf(bytes), 8)}`,
  (bytes) => `0${numberOf(bytes).toString(8)}`,
  (bytes) => bytes.map((each) => `0x${each.toString(16)}`).join('.'),
  (bytes) => bytes.map((each) => `0${each.toString(8)}`).join('.'),
  (bytes) => `${bytes[0]}.${numberOf(bytes.slice(1))}`,
  (bytes) => `${bytes[0]}.${bytes[1]}.${numberOf(bytes.slice(2))}`,
  (bytes) => `[::ffff:${bytes.join('.')}]`,
  (bytes) => `[::ffff:${pairs(bytes)}]`,
  (bytes) => `[::${pairs(bytes)}]`,
  (bytes) => `[64:ff9b::${pairs(bytes)}]`,
  (bytes) => `[64:ff9b:1::${pairs(bytes)}]`,
  (bytes) => `[2002:${pairs(bytes)}::1]`,
  (bytes) => `[2001:0:${pairs(bytes)}::]`,
];

it('no way of writing an address inside gets through', async () => {
  const resolved: string[] = [];
  const post = createPost({
    loopback: false,
    resolve: async (host) => {
      resolved.push(host);
      return [];
    },
  });
  const signal = new AbortController().signal;
  await fc.assert(
    fc.asyncProperty(inside, fc.constantFrom(...ways), async (bytes, way) => {
      const result = await post({ url: `https://${way(bytes)}/`, headers: {}, body: '', signal });
      expect(result).toMatchObject({ kind: 'refused' });
    }),
    { numRuns: runs },
  );
  // All of them are addresses: none was taken for a name.
  expect(resolved).toEqual([]);
});

it('what a resolver says is judged as it stands: anything that is not an address is refused', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 60 }), (text) => {
      if (isPublicAddress(text)) expect(text).toMatch(/^[0-9a-f.:]+$/i);
    }),
    { numRuns: runs },
  );
  fc.assert(
    fc.property(fc.ipV6(), (address) => {
      if (isPublicAddress(address)) expect(Number.parseInt(address, 16) >> 13).toBe(1);
    }),
    { numRuns: runs },
  );
});
