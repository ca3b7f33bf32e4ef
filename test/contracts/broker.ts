import { describe } from 'vitest';
import { answering } from './broker/answer.ts';
import { delivering } from './broker/deliver.ts';
import type { Open } from './broker/harness.ts';

/** What every broker promises. An adapter joins with `brokerContract('name', async () => ({ broker, close }))`. */
export const brokerContract = (name: string, open: Open): void => {
  describe(`broker: ${name}`, () => {
    describe('delivering', () => delivering(open));
    describe('answering', () => answering(open));
  });
};
