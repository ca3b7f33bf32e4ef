import { describe } from 'vitest';
import { appending } from './event-store/append.ts';
import type { Open } from './event-store/harness.ts';
import { reading } from './event-store/read.ts';
import { restarting } from './event-store/restart.ts';
import { following } from './event-store/subscribe.ts';

/**
 * What every event store promises. An adapter joins with
 * `eventStoreContract('name', async () => ({ store, reopen, close }))`; `{ reopens: false }` when nothing outlives it.
 * Each test opens an empty one.
 */
export const eventStoreContract = (name: string, open: Open, { reopens = true }: { readonly reopens?: boolean } = {}): void => {
  describe(`event store: ${name}`, () => {
    describe('appending', () => appending(open));
    describe('reading', () => reading(open));
    describe('following', () => following(open));
    describe.runIf(reopens)('restarting', () => restarting(open));
  });
};
