import type { Instant } from '../../core/instant.ts';

/** What is known of a message that will be delivered again. */
export type Attempt = { readonly attempt: number; readonly notBefore: Instant };

/** Attempts of messages that went back to the broker: it counts deliveries, in other ways from version to version, not attempts. */
export type Attempts = {
  get(ref: string): Attempt | undefined;
  set(ref: string, attempt: Attempt): void;
  delete(ref: string): void;
};

/** Beyond it the oldest are forgotten: those are delivered again a little early, and counted by the broker. */
const most = 20_000;

export const createAttempts = (): Attempts => {
  const known = new Map<string, Attempt>();
  return {
    get: (ref) => known.get(ref),
    set(ref, attempt) {
      known.delete(ref);
      known.set(ref, attempt);
      if (known.size > most) known.delete(known.keys().next().value as string);
    },
    delete: (ref) => void known.delete(ref),
  };
};
