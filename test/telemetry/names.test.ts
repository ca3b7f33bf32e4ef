import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as semantic from '@opentelemetry/semantic-conventions/incubating';
import { expect, it } from 'vitest';
import { attributes, metrics, spans } from '../../src/telemetry/names.ts';

const doc = (name: string): string => readFileSync(join(import.meta.dirname, '../../docs', name), 'utf8');
const rows = (text: string): string[][] =>
  [...text.matchAll(/^\| `([^`]+)`.*$/gm)].map(([row]) =>
    row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim().replaceAll('`', '')),
  );

it('docs/metrics.md has every metric as it is: kind, labels and meaning', () => {
  const listed = rows(doc('metrics.md'))
    .filter(([name]) => /^carillon_\w+$/.test(name!))
    .map(([name, kind, labels, meaning]) => ({ name, kind, labels, meaning }));
  const made = Object.values(metrics).map(({ name, kind, labels, help }) => ({
    name,
    kind: kind === 'observed' ? 'gauge' : kind,
    labels: labels.join(', '),
    meaning: help,
  }));
  expect(listed).toEqual(made);
});

it('docs/tracing.md has every span and every attribute', () => {
  const names = rows(doc('tracing.md')).map(([name]) => name);
  expect(names.filter((name) => name?.includes('.') && !name.includes(' '))).toEqual(Object.values(attributes));
  for (const span of Object.values(spans))
    expect(
      names.some((name) => name?.startsWith(`${span} `)),
      span,
    ).toBe(true);
});

it('attributes that are not ours are words of the semantic conventions', () => {
  const known = new Set<unknown>(Object.entries(semantic).flatMap(([key, value]) => (key.startsWith('ATTR_') ? [value] : [])));
  const foreign = Object.values(attributes).filter((name) => !name.startsWith('carillon.'));
  expect(foreign.filter((name) => !known.has(name))).toEqual([]);
});
