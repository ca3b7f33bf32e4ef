import type { WebhookEvent, WebhookState } from '../contexts/engine/webhook/events.ts';
import { webhook, webhookCategory, webhookStream } from '../contexts/engine/webhook/webhook.ts';
import { commandRejected, type Position, type RecordedEvent, streamErased } from '../core/event.ts';
import { categoryOf, idOf } from '../core/stream.ts';
import type { EventStore } from '../ports/event-store.ts';

const after = (state: WebhookState, event: RecordedEvent): WebhookState =>
  event.type === commandRejected ? state : webhook.evolve(state, event as unknown as WebhookEvent);

/** A webhook as the log has it now. */
export const readEndpoint = async (store: EventStore, id: string): Promise<WebhookState> => {
  const { events } = await store.read(webhookStream(id));
  return events.reduce(after, webhook.initial);
};

/**
 * The webhooks as they stood at a place of the log: what is sent to whom follows from the log alone, so a follower
 * that starts again sends the same.
 */
export const createEndpoints = (store: EventStore) => {
  const states = new Map<string, WebhookState>();
  const learn = (event: RecordedEvent): boolean => {
    if (categoryOf(event.stream) !== webhookCategory) return false;
    const id = idOf(event.stream);
    if (event.type === streamErased) states.delete(id);
    else states.set(id, after(states.get(id) ?? webhook.initial, event));
    return true;
  };
  return {
    /** Forgets all and reads up to a place. */
    load: async (upTo: Position): Promise<void> => {
      states.clear();
      for await (const page of store.readAll({ categories: [webhookCategory], upTo })) page.events.forEach(learn);
    },
    /** True when the event was about a webhook. */
    learn,
    live: (): readonly (readonly [id: string, state: WebhookState])[] => [...states].filter(([, { status }]) => status === 'live'),
  };
};
