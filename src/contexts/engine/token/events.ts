import type { DomainEvent } from '../../../core/event.ts';
import type { Instant } from '../../../core/instant.ts';

/** read < operate < admin: each may do what those before it may. */
export type Role = 'read' | 'operate' | 'admin';

export type TokenEvent =
  | DomainEvent<'TokenCreated', { name: string; role: Role; sha256: string; createdAt: Instant; expiresAt: Instant | null }>
  | DomainEvent<'TokenRevoked', Record<string, never>>;

export type TokenState = {
  readonly status: 'none' | 'live' | 'revoked';
  readonly name: string;
  readonly role: Role;
  /** Of the whole token text; the text itself is nowhere. */
  readonly sha256: string;
  readonly createdAt: Instant | null;
  readonly expiresAt: Instant | null;
};
