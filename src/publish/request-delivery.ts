import { type DeliveryWish, deliveryEffect, toJson } from '../contexts/engine/webhook/delivery.ts';
import type { Command } from '../core/command.ts';
import { type RecordedEvent, streamErased } from '../core/event.ts';
import { derivedId, effectStream } from '../core/ids.ts';
import { publicType, toCloudEvent } from './cloud-event.ts';

/** A delivery to ask for; whoever sends it says when and why. */
export type DeliveryRequest = Pick<Command, 'id' | 'to' | 'type' | 'data'>;

export const pingType = 'carillon.webhook.Ping';

const request = (id: string, key: string, wish: DeliveryWish): DeliveryRequest => {
  const effect = deliveryEffect(wish.webhook);
  return { id, to: effectStream(effect, key), type: 'RequestEffect', data: { effect, key, data: toJson(wish) } };
};

const wishOf = (webhook: string, event: RecordedEvent, again: boolean): DeliveryWish => ({
  webhook,
  event: event.id,
  type: publicType(event),
  at: { stream: event.stream, revision: event.revision },
  envelope: event.type === streamErased ? { ...toCloudEvent(event) } : null,
  again,
});

/** The delivery that an event leads to; its id is computed, so asking again changes nothing. */
export const requestDelivery = (webhook: string, event: RecordedEvent): Command => {
  const { asOf, correlationId, traceparent, hops, imported } = event.metadata;
  return {
    ...request(derivedId(event.id, 'webhook', webhook), event.id, wishOf(webhook, event, false)),
    asOf,
    correlationId,
    hops: Number(hops ?? 0) + 1,
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(imported === undefined ? {} : { imported }),
  };
};

/** The same event once more, because a person wants so. `wanted` names the wish, which is done once. */
export const requestAgain = (webhook: string, event: RecordedEvent, wanted: string): DeliveryRequest =>
  request(derivedId(event.id, 'webhook', webhook, wanted), `${event.id} again ${wanted}`, wishOf(webhook, event, true));

/** A message without an event behind it, to see whether an endpoint takes and verifies it. */
export const requestPing = (webhook: string, id: string): DeliveryRequest =>
  request(derivedId(id, 'ping'), `ping ${id}`, { webhook, event: id, type: pingType, at: null, envelope: null, again: false });
