import { describe } from 'vitest';
import { committing } from './read-models/commit.ts';
import type { Open } from './read-models/harness.ts';
import { reading } from './read-models/list.ts';
import { rebuilding } from './read-models/rebuild.ts';
import { reopening } from './read-models/reopen.ts';
import { waiting } from './read-models/wait.ts';

/**
 * What all read models promise. An adapter joins with `readModelsContract('name', async () => ({ readModels, reopen, close }))`;
 * each test opens empty ones.
 */
export const readModelsContract = (name: string, open: Open): void => {
  describe(`read models: ${name}`, () => {
    describe('commits', () => committing(open));
    describe('reading', () => reading(open));
    describe('waiting', () => waiting(open));
    describe('rebuilding', () => rebuilding(open));
    describe('opening again', () => reopening(open));
  });
};
