import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Operation, requestsOf } from '../../chaos/fuzz/requests.ts';
import { createApi } from './support/api.ts';

const { world, raw, document } = await createApi({ limits: { perAddress: 1_000_000, perToken: 1_000_000 } });
await world.defineAll();
await world.tell('giving.escrow-e1', 'SendDonation', { donor: 'd', recipient: 'r', cents: 5 });

/** Requests for each operation; raised in the nightly run. */
const numRuns = Number(process.env.CARILLON_FUZZ_RUNS ?? 40);

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
      await fc.assert(
        fc.asyncProperty(requestsOf(method, path, operation), async ({ url, type, body }) => {
          const before = await world.store.head();
          const content = body === undefined ? {} : { payload: body, headers: { 'content-type': type ?? 'application/json' } };
          const answer = await raw('admin', { method, url, ...content });
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
