import { createHmac } from 'node:crypto';

const prefix = 'whsec_';

/** A secret as its owner holds it, of 32 random bytes in base64url. */
export const webhookSecret = (random: string): string => `${prefix}${Buffer.from(random, 'base64url').toString('base64')}`;

/** `v1,<HMAC-SHA256>` of Standard Webhooks 1.0, over `id.timestamp.body`. */
const signature = (secret: string, signed: string): string =>
  `v1,${createHmac('sha256', Buffer.from(secret.slice(prefix.length), 'base64'))
    .update(signed)
    .digest('base64')}`;

/** The headers of a signed message. `seconds` since 1970; one signature for each secret, so that a receiver may change its own in between. */
export const signedHeaders = (
  secrets: readonly string[],
  { id, seconds, body }: { readonly id: string; readonly seconds: number; readonly body: string },
): Readonly<Record<string, string>> => ({
  'webhook-id': id,
  'webhook-timestamp': String(seconds),
  'webhook-signature': secrets.map((secret) => signature(secret, `${id}.${seconds}.${body}`)).join(' '),
});
