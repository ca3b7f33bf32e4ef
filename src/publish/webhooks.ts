import { wantsType } from '../contexts/engine/webhook/type-pattern.ts';
import { webhookCategory } from '../contexts/engine/webhook/webhook.ts';
import type { Command } from '../core/command.ts';
import { CarillonError } from '../core/errors.ts';
import type { RecordedEvent } from '../core/event.ts';
import type { Registry } from '../core/registry.ts';
import type { Commands } from '../ports/commands.ts';
import type { EventStore } from '../ports/event-store.ts';
import type { Observers } from '../ports/observers.ts';
import { isPublic, publicCategories, publicType } from './cloud-event.ts';
import { createEndpoints } from './endpoints.ts';
import type { Follower } from './follow.ts';
import { requestDelivery } from './request-delivery.ts';

export type WebhookDeps = {
  readonly store: EventStore;
  readonly registry: Registry;
  readonly commands: Commands;
  readonly observers: Observers;
};

const batch = 500;

/** Asks for a delivery of each public event to each webhook that wants it. The deliveries themselves are effects. */
export const webhookRequests = ({ store, registry, commands, observers }: WebhookDeps): Follower => {
  const endpoints = createEndpoints(store);
  const onlyWebhooks = { categories: [webhookCategory] };
  const everything = { categories: [...publicCategories(registry), webhookCategory] };

  const ask = async (wanted: readonly Command[]): Promise<void> => {
    for (let at = 0; at < wanted.length; at += batch) {
      const answers = await commands.sendMany(wanted.slice(at, at + batch));
      for (const answer of answers) {
        if (answer.kind !== 'failed') continue;
        if (answer.transient) throw new CarillonError('answer-unknown', `A delivery could not be asked for: ${answer.message}`);
        const facts = { stream: answer.stream, code: answer.code };
        observers.note({ kind: 'log', level: 'error', scope: 'publish', message: `A delivery is lost: ${answer.message}`, facts });
      }
    }
  };
  const wantedOf = (event: RecordedEvent): readonly Command[] =>
    endpoints.live().flatMap(([id, { types }]) => (wantsType(types, publicType(event)) ? [requestDelivery(id, event)] : []));

  return {
    name: 'webhooks',
    pageSize: batch,
    begin: endpoints.load,
    // Without a webhook the log passes by unread.
    range: () => (endpoints.live().length === 0 ? onlyWebhooks : everything),
    take: async ({ events, upTo }) => {
      const deaf = endpoints.live().length === 0;
      const wanted: Command[] = [];
      for (const event of events) {
        if (!endpoints.learn(event)) {
          if (isPublic(event)) wanted.push(...wantedOf(event));
        } else if (deaf && endpoints.live().length > 0) return event.position;
      }
      await ask(wanted);
      return upTo;
    },
  };
};
