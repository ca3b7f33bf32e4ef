import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { metrics } from '../../src/telemetry/names.ts';

const root = resolve(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

describe('README', () => {
  const samples = [...read('README.md').matchAll(/<!-- sample (\S+) -->\n```ts\n([\s\S]*?)\n```/g)];
  it('shows the sample job and its test as they run', () => {
    expect(samples.map((sample) => sample[1])).toEqual(['examples/cart/cart.ts', 'examples/cart/cart.test.ts']);
    for (const [, file, text] of samples) expect(`${text}\n`).toBe(read(file!));
  });
  it('needs at most 40 lines for a job and 15 for its test', () => {
    expect(samples[0]![2]!.split('\n').length).toBeLessThanOrEqual(40);
    expect(samples[1]![2]!.split('\n').length).toBeLessThanOrEqual(15);
  });
  it('links only to files that are there', () => {
    const links = [...read('README.md').matchAll(/\]\(([^)#:]+)\)/g)].map((link) => link[1]!).filter((link) => !link.endsWith('/'));
    for (const link of links) expect(() => read(link), link).not.toThrow();
  });
});

it('docs/metrics.md lists every metric', () => {
  const listed = [...read('docs/metrics.md').matchAll(/^\| `(carillon_\w+)`/gm)].map((row) => row[1]);
  expect(listed.sort()).toEqual(
    Object.values(metrics)
      .map(({ name }) => name)
      .sort(),
  );
});
