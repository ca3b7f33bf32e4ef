import type { DeliveryWish } from '../contexts/engine/webhook/delivery.ts';
import type { WebhookState } from '../contexts/engine/webhook/events.ts';
import { webhookStream } from '../contexts/engine/webhook/webhook.ts';
import { defineEffect, type Effect, type EffectCall, type EffectOutcome } from '../core/effect.ts';
import type { RecordedEvent, StreamName } from '../core/event.ts';
import { derivedId } from '../core/ids.ts';
import { type Instant, toMs } from '../core/instant.ts';
import { exponential } from '../core/job.ts';
import type { Clock } from '../ports/clock.ts';
import type { Commands } from '../ports/commands.ts';
import type { EventStore } from '../ports/event-store.ts';
import { toCloudEvent } from './cloud-event.ts';
import { readEndpoint } from './endpoints.ts';
import { deliveryAttempts, readRetryAfter, retryAt } from './retry.ts';
import { signedHeaders } from './sign.ts';

/** What came of a call: an answer, no answer in time, or an address that may not be called. */
export type PostResult =
  | { readonly kind: 'answered'; readonly status: number; readonly retryAfter: string | null; readonly ms: number }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'refused'; readonly message: string };

export type Post = (request: {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
}) => Promise<PostResult>;

export type DeliverDeps = {
  readonly store: Pick<EventStore, 'read'>;
  readonly commands: Pick<Commands, 'send'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly post: Post;
};

/** Calls to one webhook at once in one process. */
const concurrency = 16;
const timeoutSeconds = 15;
/** Larger ones are sent without their data, and say where it is. */
const maxBodyBytes = 20_000;
/** An endpoint that answers so wants nothing any more. */
const gone = 410;

/** A failure that says when to try again; an engine that does not read it waits by the effect's backoff. */
type Later = { readonly kind: 'failed'; readonly message: string; readonly retryAt: Instant };
type Outcome = EffectOutcome | Later;

const notSent = (why: string): Outcome => ({ kind: 'confirmed', reference: `not sent: ${why}` });

/** The vault's subject that holds the secrets of a webhook. */
export const secretSubject = (webhook: string): string => `webhook:${webhook}`;

const secretsOf = async (vault: EffectCall['vault'], webhook: string, state: WebhookState, now: Instant): Promise<readonly string[]> => {
  const fields = (await vault.get(secretSubject(webhook))) ?? {};
  const names = state.old !== null && state.old.until > now ? [state.secret, state.old.secret] : [state.secret];
  return names.map((name) => fields[name]).filter((value) => typeof value === 'string');
};

const bodyOf = (event: RecordedEvent): string => {
  const { data, ...envelope } = toCloudEvent(event);
  const whole = JSON.stringify({ ...envelope, ...(data === undefined ? {} : { data }) });
  if (Buffer.byteLength(whole) <= maxBodyBytes) return whole;
  const dataref = `/api/v1/streams/${encodeURIComponent(event.stream)}?from=${event.revision}&limit=1`;
  return JSON.stringify({ ...envelope, dataref });
};

/** The message of a delivery; null when its event was erased. */
const messageFor = async (store: DeliverDeps['store'], wish: DeliveryWish, now: Instant): Promise<string | null> => {
  if (wish.at === null)
    return JSON.stringify({
      specversion: '1.0',
      id: wish.event,
      source: '/carillon/engine',
      type: wish.type,
      subject: wish.webhook,
      time: now,
    });
  if (wish.envelope !== null) return JSON.stringify(wish.envelope);
  const { stream, revision } = wish.at;
  const { events } = await store.read(stream as StreamName, { from: revision, limit: 1 });
  const event = events[0];
  return event === undefined || event.id !== wish.event ? null : bodyOf(event);
};

const isSuccess = (status: number): boolean => status >= 200 && status < 300;

const outcomeOf = ({ key, attempt }: EffectCall, result: PostResult, now: Instant): Outcome => {
  if (result.kind === 'refused') return { kind: 'failed', message: result.message, final: true };
  if (result.kind === 'failed') return { kind: 'failed', message: result.message, retryAt: retryAt(key, attempt, now, null) };
  const { status, retryAfter, ms } = result;
  if (isSuccess(status)) return { kind: 'confirmed', reference: `HTTP ${status} in ${ms} ms` };
  if (status === gone) return { kind: 'failed', message: 'HTTP 410: it wants no more', final: true };
  return { kind: 'failed', message: `HTTP ${status}`, retryAt: retryAt(key, attempt, now, readRetryAfter(retryAfter, toMs(now))) };
};

/** One try of one delivery. The receiver knows a repeat by `webhook-id`, so what is in doubt is sent again. */
export const deliver = async (deps: DeliverDeps, call: EffectCall): Promise<Outcome> => {
  const { store, clock, commands, post } = deps;
  const wish = call.data as DeliveryWish;
  const state = await readEndpoint(store as EventStore, wish.webhook);
  if (state.status !== 'live') return notSent(`the webhook is ${state.status}`);
  const now = clock.now();
  const body = await messageFor(store, wish, now);
  if (body === null) return notSent('the event was erased');
  const secrets = await secretsOf(call.vault, wish.webhook, state, now);
  if (secrets.length === 0) return { kind: 'failed', message: 'the vault has no secret of this webhook: rotate it', final: true };
  const signed = signedHeaders(secrets, { id: wish.event, seconds: Math.floor(toMs(now) / 1_000), body });
  const headers = { ...signed, 'content-type': 'application/cloudevents+json', ...(wish.again ? { 'carillon-again': 'true' } : {}) };
  const result = await post({ url: state.url, headers, body, signal: call.signal });
  if (result.kind === 'answered' && result.status === gone)
    await commands.send({
      id: derivedId(call.key, 'gone', String(call.attempt)),
      to: webhookStream(wish.webhook),
      type: 'DisableWebhook',
      data: { because: 'it answered 410' },
      asOf: now,
      by: 'engine/webhook',
    });
  return outcomeOf(call, result, clock.now());
};

/** The effect of all deliveries. `deps` come when the engine runs; calls wait for them. */
export const deliveryEffectOf = (deps: Promise<DeliverDeps>): Effect =>
  defineEffect('engine/webhook', async (call) => deliver(await deps, call), {
    attempts: deliveryAttempts,
    backoff: exponential('5m', '24h'),
    concurrency,
    timeoutSeconds,
    idempotent: true,
  });
