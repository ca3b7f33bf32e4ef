import { auditStores, type Finding } from '../../chaos/auditor.ts';
import { auditRegistry, partitions } from '../../chaos/contexts.ts';
import type { Ledger } from '../../chaos/provider-client.ts';
import { createMemoryEventStore } from '../../src/adapters/memory/event-store.ts';
import { openSqliteReadModels } from '../../src/adapters/sqlite/read-models.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import type { NewEvent, Position, RecordedEvent, StreamName } from '../../src/core/event.ts';
import { effectStream } from '../../src/core/ids.ts';
import { type Instant, instant } from '../../src/core/instant.ts';
import type { Json } from '../../src/core/json.ts';
import { projectionsOf } from '../../src/engine.ts';
import { project } from '../../src/projections/projector.ts';

/** An event of a small log, as a test writes it down. */
export type Entry = { readonly stream: StreamName; readonly type: string; readonly data: Json; readonly cause: string };

const at = (second: number): Instant => instant(`2026-01-01T00:01:${String(second).padStart(2, '0')}.000Z`);
export const key = 'payout/o1';
export const payout = effectStream('pay/payout', key);
export const ledgerStream: StreamName = 'engine.schedule-pay/settle-orders';
const slot = 'pay/settle-orders@2026-01-01T00:01Z';
const slotAt = at(0);
const definition = {
  job: 'pay/settle-orders',
  scope: '',
  schedule: { kind: 'cron', expression: '* * * * *' },
  zone: 'UTC',
  enabled: true,
  catchUp: 'due',
  overlap: 'skip',
  build: 1,
};
const counts = { due: 1, changed: 1, parked: 0, events: { OrderSettled: 1 } };

/** One order from its placing to its payout, and the slot that settled it: nothing is wrong with it. */
export const honest: readonly Entry[] = [
  { stream: ledgerStream, type: 'ScheduleDefined', data: { definition, activeFrom: slotAt, by: 'code' }, cause: 'define' },
  {
    stream: 'pay.order-o1',
    type: 'OrderPlaced',
    data: { buyer: 'b1', cents: 5, receipt: false, dueAt: '2026-01-01T00:00:30.000Z' },
    cause: 'place-o1',
  },
  {
    stream: ledgerStream,
    type: 'SlotOpened',
    data: { slot, at: slotAt, cause: 'schedule', version: 1, definedBy: 'code', chapter: 0, openedAt: slotAt },
    cause: 'open',
  },
  { stream: 'pay.order-o1', type: 'OrderSettled', data: { buyer: 'b1', cents: 5, receipt: false }, cause: 'due' },
  { stream: 'pay.account-b1', type: 'AccountCredited', data: { order: 'o1', cents: 5 }, cause: 'credit-o1' },
  { stream: payout, type: 'EffectRequested', data: { effect: 'pay/payout', key, data: { cents: 5 }, at: slotAt }, cause: 'pay-o1' },
  {
    stream: ledgerStream,
    type: 'SlotClosed',
    data: { slot, at: slotAt, verdict: 'completed', counts, durationMs: 9, message: null, closedAt: at(1), chapter: 0 },
    cause: 'close',
  },
  { stream: payout, type: 'EffectStarted', data: { attempt: 1, giveUpAt: at(12) }, cause: 'start' },
  { stream: payout, type: 'EffectConfirmed', data: { effect: 'pay/payout', key, attempt: 1, reference: 'r' }, cause: 'confirm' },
];

export const honestLedger: Ledger = { [key]: { calls: 1, applied: 1 } };

const toEvent = ({ type, data, cause }: Entry, index: number): NewEvent => ({
  id: `event-${index}`,
  type,
  data,
  metadata: { correlationId: slot, causationId: cause, asOf: slotAt, rule: 'test', schema: '1', job: 'pay/settle-orders' },
});

/** Writes a log, folds it into read models without the events that `forgets` names, and audits both. */
export const auditOf = async (
  entries: readonly Entry[],
  { ledger = honestLedger, forgets = () => false }: { ledger?: Ledger; forgets?: (event: RecordedEvent) => boolean } = {},
): Promise<readonly Finding[]> => {
  let now = 0;
  // Each append has a time of its own, as on a real clock.
  const clock = { ...createSystemClock(), now: () => at(now++) };
  const store = createMemoryEventStore({ clock });
  const readModels = openSqliteReadModels({ file: ':memory:' });
  const registry = auditRegistry();
  const heads = new Map<string, number>();
  for (const [index, entry] of entries.entries()) {
    const head = heads.get(entry.stream);
    await store.append({ stream: entry.stream, events: [toEvent(entry, index)], expected: head ?? 'no-stream' });
    heads.set(entry.stream, (head ?? -1) + 1);
  }
  for (const projection of projectionsOf(registry, partitions)) {
    let previous: Position | null = await readModels.open(projection, 'live');
    for await (const page of store.readAll({})) {
      await project(readModels, projection, { events: page.events.filter((event) => !forgets(event)), upTo: page.upTo }, previous);
      previous = page.upTo;
    }
  }
  const end = { at: Date.parse(at(40)), graceMs: 5_000 };
  const acked = [{ stream: 'pay.order-o1', id: 'place-o1' }];
  const findings = await auditStores(store, readModels, { registry, partitions, acked, ledger, end });
  await readModels.close();
  await store.close();
  return findings;
};
