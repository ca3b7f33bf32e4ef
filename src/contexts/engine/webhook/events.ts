import type { DomainEvent } from '../../../core/event.ts';
import type { Instant } from '../../../core/instant.ts';

/** Secrets themselves are in the vault under `webhook:<id>`; events only name them. */
export type WebhookEvent =
  | DomainEvent<'WebhookCreated', { url: string; types: readonly string[]; secret: string; createdAt: Instant }>
  | DomainEvent<'WebhookSecretRotated', { secret: string; oldUntil: Instant }>
  | DomainEvent<'WebhookDisabled', { because: string }>
  | DomainEvent<'WebhookEnabled', Record<string, never>>
  | DomainEvent<'WebhookRemoved', Record<string, never>>;

export type WebhookState = {
  readonly status: 'none' | 'live' | 'disabled' | 'removed';
  readonly url: string;
  /** Public event types, with `*` for all of a category or context. */
  readonly types: readonly string[];
  readonly createdAt: Instant | null;
  /** The name of the secret in force. */
  readonly secret: string;
  /** The one before it signs too until `until`. */
  readonly old: { readonly secret: string; readonly until: Instant } | null;
  /** Why it is disabled. */
  readonly because: string | null;
};
