import type { Answer } from './command.ts';
import type { StreamName } from './event.ts';
import type { Instant } from './instant.ts';
import { type Backoff, exponential } from './job.ts';
import type { Json } from './json.ts';
import type { Vault } from './vault.ts';

/** What became of a call outside. `unknown`: the call was made and its outcome was not learnt. */
export type EffectOutcome =
  | { readonly kind: 'confirmed'; readonly reference?: string }
  /** `retryAt`: when the next try may be made; by the effect's backoff when absent. */
  | { readonly kind: 'failed'; readonly message: string; readonly final?: boolean; readonly retryAt?: Instant }
  | { readonly kind: 'unknown'; readonly message: string };

export type EffectCall = {
  /** Give it to the provider as its idempotency key. */
  readonly key: string;
  readonly data: Json;
  readonly attempt: number;
  /** Aborted when the call took longer than `timeoutSeconds`. */
  readonly signal: AbortSignal;
  /** Personal data by subject: addresses to write to, and what has to go. */
  readonly vault: Pick<Vault, 'get' | 'scrub' | 'erase'>;
  /** Erases an actor's stream for good; the reason is the effect's key. */
  eraseStream(stream: StreamName): Promise<Answer>;
};

/** A call to the outside world, requested once per key, started in the log before it is made. */
export type Effect = {
  /** `context/verb`, for example `giving/notify`. */
  readonly name: string;
  readonly attempts: number;
  readonly backoff: Backoff;
  /** Calls at once in one process. */
  readonly concurrency: number;
  /** Calls a second in one process; unlimited when absent. */
  readonly rate?: number;
  readonly timeoutSeconds: number;
  /** True when the provider does a repeated key once: then an unknown outcome is sent again. Otherwise it parks. */
  readonly idempotent: boolean;
  /** True when nothing leaves the process: such an effect of an imported fact needs no approval. */
  readonly logOnly?: boolean;
  readonly handler: (call: EffectCall) => Promise<EffectOutcome | void>;
};

const defaults = { attempts: 3, backoff: exponential('2s'), concurrency: 10, timeoutSeconds: 30, idempotent: false };

/**
 * Declares an effect. The handler returns (confirmed), returns an outcome, or throws: a throw before the provider
 * took the call should be `{ kind: 'failed' }`; a plain throw counts as unknown, since nobody can tell.
 */
export const defineEffect = (
  name: string,
  handler: Effect['handler'],
  options: Partial<Omit<Effect, 'name' | 'handler'>> = {},
): Effect => ({
  ...defaults,
  ...options,
  name,
  handler,
});
