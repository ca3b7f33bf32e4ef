import { hash, timingSafeEqual } from 'node:crypto';
import { derivedId } from '../core/ids.ts';
import type { Secrets } from './service.ts';

/** A token as its owner holds it: shown once, kept nowhere. */
export type NewToken = { readonly id: string; readonly text: string; readonly sha256: string };

const shape = /^crl_([0-9a-f]{16})_[A-Za-z0-9_-]{43}$/;

/** SHA-256 of a token's whole text: what the log keeps of it. */
export const hashToken = (text: string): string => hash('sha256', text, 'hex');

/** Makes a token: `crl_<id>_<secret>`, with 32 random bytes in the secret. `fresh` is any id that was never used. */
export const newToken = (secrets: Secrets, fresh: string): NewToken => {
  const id = derivedId('token', fresh).slice(0, 16);
  const text = `crl_${id}_${secrets.token()}`;
  return { id, text, sha256: hashToken(text) };
};

/** The id in a token's text; null when the text is none. */
export const idOfToken = (text: string): string | null => shape.exec(text)?.[1] ?? null;

/** Compares a token with a kept hash, in the same time wherever they differ. */
export const matches = (text: string, sha256: string): boolean => {
  const kept = Buffer.from(sha256, 'hex');
  const given = Buffer.from(hashToken(text), 'hex');
  return kept.length === given.length && timingSafeEqual(kept, given);
};
