import { type RecordedEvent, streamErased } from '../../../core/event.ts';
import { defineProjection, type Row, type Rows } from '../../../core/projection.ts';
import type { EffectEvent } from '../effect/events.ts';
import { type DeliveryWish, deliveryOf } from './delivery.ts';

export const deliveriesTable = 'webhook_deliveries';

/** One delivery as it stands. */
export type DeliveryRow = {
  readonly stream: string;
  readonly webhook: string;
  readonly position: string;
  readonly event: string;
  readonly type: string;
  readonly status: 'waiting' | 'sending' | 'delivered' | 'parked' | 'discarded';
  readonly attempt: number;
  readonly requestedAt: string;
  readonly changedAt: string;
  readonly nextAt: string | null;
  /** The answer, or what went wrong. */
  readonly message: string | null;
  readonly again: number;
};

const changeOf = (event: EffectEvent): Partial<DeliveryRow> => {
  switch (event.type) {
    case 'EffectRequested':
      return {};
    case 'EffectStarted':
      return { status: 'sending', attempt: event.data.attempt, nextAt: null };
    case 'EffectConfirmed':
      return { status: 'delivered', nextAt: null, message: event.data.reference };
    case 'EffectFailed':
    case 'EffectUnknown':
      return { status: 'waiting', nextAt: event.data.nextAt, message: event.data.message };
    case 'EffectParked':
      return { status: 'parked', nextAt: null, message: event.data.message };
    case 'EffectReplayed':
      return { status: 'waiting', attempt: 0, nextAt: event.data.at };
    case 'EffectDiscarded':
      return { status: 'discarded', nextAt: null };
  }
};

const requested = (event: RecordedEvent, webhook: string): DeliveryRow => {
  const { data, at } = event.data as { data: DeliveryWish; at: string };
  const { stream, position, recordedAt } = event;
  const told = { event: data.event, type: data.type, again: data.again ? 1 : 0 };
  const first = { status: 'waiting', attempt: 0, nextAt: at, message: null } as const;
  return { stream, webhook, position, ...told, ...first, requestedAt: recordedAt, changedAt: recordedAt };
};

const apply = (event: RecordedEvent, rows: Rows): void => {
  const delivery = deliveryOf(event.stream);
  if (delivery === null) return;
  if (event.type === streamErased) return rows.remove(deliveriesTable, [event.stream]);
  if (event.type === 'EffectRequested') return rows.put(deliveriesTable, requested(event, delivery.webhook) as unknown as Row);
  const row = rows.get(deliveriesTable, [event.stream]);
  if (row !== null) rows.put(deliveriesTable, { ...row, ...changeOf(event as unknown as EffectEvent), changedAt: event.recordedAt } as Row);
};

/** What was sent to webhooks, and what became of it: the effects of the family `engine/webhook/`. */
export const webhookDeliveries = defineProjection({
  name: 'webhook-deliveries',
  version: 1,
  tables: [
    {
      name: deliveriesTable,
      columns: {
        stream: 'text',
        webhook: 'text',
        position: 'text',
        event: 'text',
        type: 'text',
        status: 'text',
        attempt: 'integer',
        requestedAt: 'text',
        changedAt: 'text',
        nextAt: 'text',
        message: 'text',
        again: 'integer',
      },
      key: ['stream'],
      indexes: [['webhook', 'position']],
    },
  ],
  categories: ['engine.effect'],
  reads: (event) =>
    event.type === 'EffectRequested' || deliveryOf(event.stream) === null ? [] : [{ table: deliveriesTable, key: [event.stream] }],
  apply,
});
