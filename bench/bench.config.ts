import { defineConfig } from '../src/index.ts';
import { benchContext } from './item.ts';

/** What the processes of the distributed benchmark run. */
export default defineConfig({ contexts: [benchContext] });
