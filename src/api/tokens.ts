import type { Role, TokenState } from '../contexts/engine/token/events.ts';
import { token, tokenFault } from '../contexts/engine/token/token.ts';
import type { DomainEvent, StreamName } from '../core/event.ts';
import { streamErased } from '../core/event.ts';
import type { Instant } from '../core/instant.ts';
import type { Service } from './service.ts';
import { idOfToken, matches } from './token-text.ts';

/** Who sends a request. */
export type Identity = { readonly id: string; readonly name: string; readonly role: Role; readonly expiresAt: Instant | null };

export type Verified =
  | { readonly ok: true; readonly identity: Identity }
  | { readonly ok: false; readonly fault: 'unknown' | 'revoked' | 'expired' };

export type Tokens = {
  verify(text: string): Promise<Verified>;
  /** What was just revoked here is read again at once. */
  forget(id: string): void;
};

const maxCached = 1_000;
/** Compared with when there is no such token, so that both cases take as long. */
const nobody = '0'.repeat(64);

export const tokenStream = (id: string): StreamName => `engine.token-${id}`;

const load = async (service: Pick<Service, 'store'>, id: string): Promise<TokenState> => {
  const { events, head } = await service.store.read(tokenStream(id), { limit: 100 });
  if (head === 'erased') return token.initial;
  const known = events.filter(
    (event): event is typeof event & DomainEvent => event.type !== streamErased && token.events.includes(event.type as never),
  );
  return known.reduce((state, event) => token.evolve(state, event as never), token.initial);
};

/**
 * Tells whose token a text is. It reads the token's own stream, two events long, and not a projection: so a new token
 * works at once, and a rebuild or a lagging projection locks nobody out. When the store cannot be read, nobody gets in.
 */
export const createTokens = (service: Pick<Service, 'store' | 'clock'>, cacheMs: number): Tokens => {
  const cache = new Map<string, { readonly state: TokenState; readonly readAt: number }>();
  const stateOf = async (id: string): Promise<TokenState> => {
    const cached = cache.get(id);
    const now = service.clock.monotonic();
    if (cached && now - cached.readAt < cacheMs) return cached.state;
    const state = await load(service, id);
    cache.delete(id);
    if (state.status === 'live') cache.set(id, { state, readAt: now });
    const [oldest] = cache.keys();
    if (cache.size > maxCached && oldest !== undefined) cache.delete(oldest);
    return state;
  };
  return {
    verify: async (text) => {
      const id = idOfToken(text);
      if (id === null) return { ok: false, fault: 'unknown' };
      const state = await stateOf(id);
      if (!matches(text, state.status === 'none' ? nobody : state.sha256)) return { ok: false, fault: 'unknown' };
      const fault = tokenFault(state, service.clock.now());
      const { name, role, expiresAt } = state;
      return fault === null ? { ok: true, identity: { id, name, role, expiresAt } } : { ok: false, fault };
    },
    forget: (id) => void cache.delete(id),
  };
};
