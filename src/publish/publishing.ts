import type { Effect } from '../core/effect.ts';
import type { Registry } from '../core/registry.ts';
import type { Broker } from '../ports/broker.ts';
import type { Commands } from '../ports/commands.ts';
import { type DeliverDeps, deliveryEffectOf, type Post } from './deliver.ts';
import { type FollowDeps, follow } from './follow.ts';
import { eventPublisher } from './publisher.ts';
import { webhookRequests } from './webhooks.ts';

export type PublishingDeps = FollowDeps & {
  readonly registry: Registry;
  readonly commands: Commands;
  /** Where others may be bound to `carillon.events`; null when nobody outside can be. */
  readonly broker: Broker | null;
  /** True in a process that takes events to others whenever it leads; the others only make the calls of webhooks. */
  readonly follows: boolean;
};

/** Public events for others: over the broker's exchange, and to webhooks. `effect` is for the registry, before there is an engine. */
export const createPublishing = (post: Post): { readonly effect: Effect; start(deps: PublishingDeps): { stop(): Promise<void> } } => {
  const running = Promise.withResolvers<DeliverDeps>();
  return {
    effect: deliveryEffectOf(running.promise),
    start: (deps) => {
      running.resolve({ ...deps, post });
      if (!deps.follows) return { stop: async () => undefined };
      const stopping = new AbortController();
      const publisher = deps.broker === null ? null : eventPublisher({ broker: deps.broker, registry: deps.registry });
      const followers = [webhookRequests(deps), ...(publisher === null ? [] : [publisher])];
      const loops = Promise.all(followers.map((follower) => follow(deps, follower, stopping.signal)));
      return {
        stop: async () => {
          stopping.abort();
          await loops;
          await publisher?.stop();
        },
      };
    },
  };
};
