import { describe, expect, it } from 'vitest';
import { powerCuts } from '../../chaos/power/images.ts';
import { type Op, parseLine } from '../../chaos/power/trace.ts';
import { createPrng } from '../../sim/prng.ts';

const hex = (text: string): string => [...Buffer.from(text)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
const file = '/data/events.db-wal';
const write = (offset: number, text: string): Op => ({ kind: 'write', file, offset, data: Buffer.from(text) });
const sync: Op = { kind: 'sync', file };
const said: Op = { kind: 'said', text: 'stored' };

/** What the file may hold when the power goes at `cut`, over many draws. */
const possible = (ops: readonly Op[], cut: number): Set<string | undefined> => {
  const held = new Set<string | undefined>();
  for (let seed = 1; seed <= 100; seed++)
    for (const image of powerCuts(ops, [cut], createPrng(seed, 'test'))) held.add(image.files.get(file)?.toString().replaceAll('\0', '.'));
  return held;
};

describe('an image of a power cut', () => {
  it('holds what was synced, whatever becomes of the rest', () => {
    const held = possible([write(0, 'aa'), sync, said, write(2, 'bb'), write(4, 'cc'), said], 5);
    expect(held).toEqual(new Set(['aa', 'aabb', 'aabbcc', 'aa..cc']));
  });

  it('may lack what was never synced, so an acknowledgement before the sync is caught', () => {
    expect(possible([write(0, 'aa'), said, sync], 2)).toEqual(new Set([undefined, 'aa']));
  });

  it('may hold parts of a write, cut at sectors', () => {
    const held = possible([write(0, 'a'.repeat(512) + 'b'.repeat(512)), said], 1);
    expect(held).toContain('a'.repeat(512));
    expect(held).toContain('.'.repeat(512) + 'b'.repeat(512));
  });

  it('tells what had been said by then', () => {
    const [image] = powerCuts([said, write(0, 'x'), said], [2], createPrng(1, 'test'));
    expect(image).toMatchObject({ said: ['stored'], cut: 2 });
  });
});

describe('a line of strace', () => {
  const named = `<${hex(file)}>`;
  it.each([
    [`pwrite64(22${named}, "${hex('abc')}", 3, 4096) = 3`, { kind: 'write', file, offset: 4096, data: Buffer.from('abc') }],
    [`fsync(22${named})                     = 0`, sync],
    [`ftruncate(22${named}, 4096) = 0`, { kind: 'truncate', file, size: 4096 }],
    [`unlink("${hex(file)}") = 0`, { kind: 'unlink', file }],
    [`write(1<${hex('pipe:[7]')}>, "${hex('stored a 1\n')}", 11) = 11`, { kind: 'said', text: 'stored a 1' }],
    [`fsync(22<${hex('/elsewhere')}>) = 0`, null],
  ])('%s', (line, op) => expect(parseLine(line, '/data')).toEqual(op));

  it('that cannot be replayed is an error, not a guess', () => {
    expect(() => parseLine(`fallocate(22${named}, 0, 0, 4096) = 0`, '/data')).toThrow('cannot be replayed');
    expect(() => parseLine(`pwrite64(22${named}, "${hex('ab')}"..., 3, 0) = 3`, '/data')).toThrow();
  });
});
