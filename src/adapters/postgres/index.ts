/** What a process on a PostgreSQL database opens. */
export { openPostgresEventStore } from './event-store.ts';
export { fixedNumber } from './fixed.ts';
export { openLeadership } from './leadership.ts';
export { openPostgresReadModels } from './read-models.ts';
export { openPostgresVault } from './vault.ts';
