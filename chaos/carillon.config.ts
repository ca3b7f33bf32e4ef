import { defineConfig } from '../src/index.ts';
import { chaosContexts, partitions } from './contexts.ts';
import { callProvider } from './provider-client.ts';

/** What `carillon start` runs under faults: charity escrows as they are, and orders that are paid out at the fake provider. */
export default defineConfig({ partitions, contexts: chaosContexts(callProvider(process.env.CHAOS_PROVIDER ?? 'http://127.0.0.1:9')) });
