import type { Wish } from '../../../core/command.ts';
import { accept, defineDecider, reject } from '../../../core/decider.ts';
import type { Instant } from '../../../core/instant.ts';
import type { Role, TokenEvent, TokenState } from './events.ts';

export type TokenCommand =
  | Wish<'CreateToken', { name: string; role: Role; sha256: string; expiresAt: Instant | null }>
  | Wish<'RevokeToken', Record<string, never>>;

const initial: TokenState = { status: 'none', name: '', role: 'read', sha256: '', createdAt: null, expiresAt: null };

/** One access token: its name, role and hash, until it expires or is revoked. A revoked id never lives again. */
export const token = defineDecider<TokenState, TokenCommand, TokenEvent>({
  category: 'engine.token',
  initial,
  events: ['TokenCreated', 'TokenRevoked'],
  decide: (command, state) => {
    if (command.type === 'RevokeToken') {
      if (state.status === 'none') return reject('token-unknown');
      return state.status === 'live' ? accept('revoked', [{ type: 'TokenRevoked', data: {} }]) : reject('already-revoked');
    }
    const { name, role, sha256, expiresAt } = command.data;
    if (state.status !== 'none') return reject('token-exists');
    if (!/^[0-9a-f]{64}$/.test(sha256)) return reject('hash-invalid');
    if (expiresAt !== null && expiresAt <= command.asOf) return reject('expiry-past', { expiresAt });
    return accept('created', [{ type: 'TokenCreated', data: { name, role, sha256, createdAt: command.asOf, expiresAt } }]);
  },
  evolve: (state, event) => (event.type === 'TokenCreated' ? { status: 'live', ...event.data } : { ...state, status: 'revoked' }),
});

/** Why a token is not good at `now`; null when it is. */
export const tokenFault = (state: TokenState, now: Instant): 'unknown' | 'revoked' | 'expired' | null => {
  if (state.status !== 'live') return state.status === 'none' ? 'unknown' : 'revoked';
  return state.expiresAt !== null && state.expiresAt <= now ? 'expired' : null;
};
