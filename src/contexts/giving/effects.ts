import { defineEffect } from '../../core/effect.ts';

/** Notifications to donors and recipients. Until a provider is configured they are only recorded. */
export const notify = defineEffect('giving/notify', async () => ({ kind: 'confirmed', reference: 'log-only' }), {
  idempotent: true,
  logOnly: true,
});
