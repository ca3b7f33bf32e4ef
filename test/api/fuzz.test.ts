import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createApi } from './support/api.ts';

const { world, raw, document } = await createApi({ limits: { perAddress: 1_000_000, perToken: 1_000_000 } });
await world.defineAll();
await world.tell('giving.escrow-1', 'SendDonation', { donor: 'd', recipient: 'r', cents: 5 });

/** Requests for each operation; raised in the nightly run. */
const numRuns = Number(process.env.CARILLON_FUZZ_RUNS ?? 40);

type Schema = { readonly properties?: { readonly [name: string]: object }; readonly anyOf?: readonly Schema[] };
type Operation = {
  readonly requestBody?: { readonly content: { readonly [type: string]: { readonly schema: Schema } } };
  readonly parameters?: readonly { readonly in: string; readonly name: string }[];
};

const nasty = fc.constantFrom<unknown>(
  '',
  '\u0000',
  '../..',
  '%00',
  "'; DROP TABLE x; --",
  '{{7*7}}',
  '\u202e',
  '\ud800',
  'x'.repeat(3_000),
  -0,
  2 ** 53 + 1,
  1e308,
  -1,
  null,
  true,
  [],
  {},
  'giving/release-escrows@2026-11-24T01:00Z',
  'giving.escrow-1',
  '2026-11-24T00:00:00Z',
  'escrow-release',
);
const value = fc.oneof(nasty, fc.jsonValue({ maxDepth: 3 }));

/** A body that has the schema's fields with any values, now and then one more, or anything at all. */
const bodyOf = (schema: Schema): fc.Arbitrary<unknown> => {
  const names = Object.keys(schema.properties ?? schema.anyOf?.[0]?.properties ?? {});
  const fields = fc.record(Object.fromEntries([...names, 'extra'].map((name) => [name, value])), { requiredKeys: [] });
  return fc.oneof({ weight: 4, arbitrary: fields }, { weight: 1, arbitrary: value });
};

const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods as unknown as { [method: string]: Operation }).map(([method, operation]) => ({
    method: method.toUpperCase(),
    path,
    operation,
  })),
);

describe('any input', () => {
  it.each(operations)(
    '$method $path: never a 5xx, a stack or a path; what is refused leaves no trace',
    async ({ method, path, operation }) => {
      const names = (operation.parameters ?? []).filter((parameter) => parameter.in === 'query').map((parameter) => parameter.name);
      const query = fc.dictionary(
        fc.constantFrom(...names, 'extra', '__proto__'),
        fc.oneof(fc.string(), nasty.map(String), fc.integer().map(String)),
        { maxKeys: 3 },
      );
      const media = Object.keys(operation.requestBody?.content ?? {})[0];
      const body =
        operation.requestBody?.content[media ?? ''] === undefined
          ? fc.constant(undefined)
          : bodyOf(operation.requestBody.content[media ?? '']!.schema);
      const param = fc.oneof(
        nasty.map(String),
        fc.string({ minLength: 1 }),
        fc.constantFrom('x', 'runs', 'escrow-release', 'giving.escrow-1'),
      );
      await fc.assert(
        fc.asyncProperty(query, body, fc.array(param, { minLength: 2, maxLength: 2 }), async (pairs, payload, params) => {
          let index = 0;
          const safe = (text: string): string => encodeURIComponent(text.toWellFormed());
          const search = Object.entries(pairs).map(([name, text]) => `${name}=${safe(text)}`);
          const url = `${path.replace(/\{\w+\}/g, () => safe(params[index++] ?? 'x') || 'x')}?${search.join('&')}`;
          const before = await world.store.head();
          const answer = await raw('admin', {
            method,
            url,
            ...(payload === undefined ? {} : { payload: JSON.stringify(payload), headers: { 'content-type': 'application/json' } }),
          });
          expect([answer.status < 500, answer.text]).toEqual([true, answer.text]);
          expect(answer.text).not.toMatch(/\bat .*\.ts:\d|node_modules|\/work\//);
          if (answer.status >= 400 && answer.status !== 422) expect(await world.store.head()).toBe(before);
        }),
        { numRuns },
      );
      expect(({} as { extra?: unknown }).extra).toBeUndefined();
    },
  );
});
