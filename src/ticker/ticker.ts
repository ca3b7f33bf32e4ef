import type { Cause, ScheduleState } from '../contexts/engine/schedule/events.ts';
import { nextPending } from '../contexts/engine/schedule/slots-of.ts';
import type { Command } from '../core/command.ts';
import { messageOf } from '../core/errors.ts';
import { jobOfKey, type SlotId, scheduleStream, slotId } from '../core/ids.ts';
import { earlier, type Instant, toMs } from '../core/instant.ts';
import type { Json } from '../core/json.ts';
import { partitionOf } from '../core/partition.ts';
import type { Registry } from '../core/registry.ts';
import { type Broker, exchanges } from '../ports/broker.ts';
import type { Clock, Ids } from '../ports/clock.ts';
import type { EventStore } from '../ports/event-store.ts';
import type { Observers } from '../ports/observers.ts';
import type { ReadModels } from '../ports/read-models.ts';
import { createHeap } from './heap.ts';
import { nextSlotToOpen } from './next-slot.ts';
import { type Watch, watchSchedules } from './watch.ts';

export type TickerDeps = {
  readonly registry: Registry;
  readonly store: EventStore;
  readonly readModels: ReadModels;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly observers: Observers;
  readonly partitions: number;
};

export type Ticker = { stop(): Promise<void> };

/** While the clock is not believed, it is looked at again this often. */
const troubleMs = 5_000;
/** A slot without a verdict is published again after this long. */
const remindAfterMs = 3_000;

const contextOfKey = (key: string): string => key.slice(0, key.indexOf('/'));

/** The time that a context's schedules live in: now, or the cursor of an import that touches it. */
const nowOf = (watch: Watch, context: string, now: Instant): { readonly limit: Instant; readonly imported?: string } => {
  let found: { limit: Instant; imported?: string } = { limit: now };
  for (const [imported, { cursor, contexts }] of watch.imports)
    if (cursor !== null && contexts.includes(context)) found = { limit: earlier(found.limit, cursor), imported };
  return found;
};

/**
 * Publishes a tick for every slot that is due and has no verdict. It decides nothing: the schedule's owner does, and any
 * number of tickers may run. Missed slots of a context are opened one after the other, oldest first.
 */
export const startTicker = async (deps: TickerDeps): Promise<Ticker> => {
  const stopping = new AbortController();
  const { signal } = stopping;
  const heap = createHeap();
  const wakeAt = new Map<string, number>();
  let waking = new AbortController();

  const schedule = (key: string, at: number): void => {
    wakeAt.set(key, at);
    heap.push(at, key);
  };
  const wake = (): void => waking.abort();
  const changed = (key: string | null): void => {
    if (key !== null) plan(key);
    else for (const each of watch.schedules.keys()) plan(each);
    wake();
  };
  const { watch, stopped } = await watchSchedules(deps, changed, signal);

  function plan(key: string): void {
    const state = watch.schedules.get(key);
    if (state === undefined || state.status !== 'active') return;
    if (state.open !== null) return schedule(key, toMs(deps.clock.now()) + remindAfterMs);
    const next = nextPending(state);
    if (next !== null) schedule(key, toMs(next));
  }

  const publish = async (key: string, slot: SlotId, at: Instant, cause: Cause, imported?: string): Promise<void> => {
    const command: Command = {
      id: deps.ids.next(),
      to: scheduleStream(key),
      type: 'OpenSlot',
      data: { slot, at, cause, ...(imported === undefined ? {} : { imported }) } as Json,
      asOf: deps.clock.now(),
      correlationId: slot,
    };
    const [context, verb] = jobOfKey(key).split('/');
    const partition = String(partitionOf(key, deps.partitions)).padStart(2, '0');
    await deps.broker.publish(exchanges.ticks, `${context}.${verb}.${partition}`, {
      id: slot,
      type: 'command',
      headers: {},
      body: command,
    });
  };

  /** Keys whose time has come, each once. */
  const ready = (nowMs: number): string[] => {
    const keys = new Set<string>();
    for (let top = heap.peek(); top !== undefined && top.at <= nowMs; top = heap.peek()) {
      heap.pop();
      if (wakeAt.get(top.key) === top.at) keys.add(top.key);
    }
    return [...keys];
  };

  /** The oldest missed slot of a context holds back its other slots until it has a verdict. */
  const oldestMissed = async (context: string, now: Instant): Promise<Instant | null> => {
    let oldest: Instant | null = null;
    for (const [key, state] of watch.schedules) {
      if (contextOfKey(key) !== context) continue;
      const next =
        state.open?.cause === 'catch-up' ? { at: state.open.at, missed: true } : await nextSlotToOpen(deps.readModels, state, now);
      if (next?.missed && (oldest === null || next.at < oldest)) oldest = next.at;
    }
    return oldest;
  };

  const tick = async (keys: readonly string[], now: Instant): Promise<void> => {
    const held = new Map<string, Instant | null>();
    const active = keys.filter((key) => watch.schedules.get(key)?.status === 'active' && deps.registry.scheduled.has(jobOfKey(key)));
    // All of them first: when a port fails at one, none of those behind it is forgotten.
    for (const key of active) schedule(key, toMs(now) + remindAfterMs);
    for (const key of active) {
      const state: ScheduleState | undefined = watch.schedules.get(key);
      if (state === undefined) continue;
      if (state.open !== null) {
        // A reminder nudges and never opens: a manual slot that was closed meanwhile is refused under this cause.
        await publish(key, state.open.slot, state.open.at, 'schedule');
        continue;
      }
      const context = contextOfKey(key);
      const { limit, imported } = nowOf(watch, context, now);
      const next = await nextSlotToOpen(deps.readModels, state, limit);
      if (next === null) {
        const pending = nextPending(state);
        if (pending !== null && pending > now) plan(key);
        continue;
      }
      if (next.cause === 'catch-up') {
        if (!held.has(context)) held.set(context, await oldestMissed(context, limit));
        const oldest = held.get(context);
        if (oldest !== null && oldest !== undefined && next.at > oldest) continue;
      }
      await publish(key, slotId(key, next.at), next.at, next.cause, imported);
    }
  };

  const loop = async (): Promise<void> => {
    for (const key of watch.schedules.keys()) plan(key);
    while (!signal.aborted) {
      const trouble = deps.clock.trouble?.() ?? null;
      if (trouble !== null) {
        deps.observers.note({ kind: 'log', level: 'error', scope: 'ticker', message: `no slot is opened: ${trouble}` });
        await deps.clock.sleep(troubleMs, signal);
        continue;
      }
      const now = deps.clock.now();
      try {
        await tick(ready(toMs(now)), now);
      } catch (error) {
        if (!signal.aborted) deps.observers.note({ kind: 'log', level: 'error', scope: 'ticker', message: messageOf(error) });
      }
      const top = heap.peek();
      const at = top === undefined ? toMs(now) + 60_000 : top.at;
      if (waking.signal.aborted) waking = new AbortController();
      else await deps.clock.sleepUntil(new Date(at).toISOString() as Instant, AbortSignal.any([signal, waking.signal]));
    }
  };
  const looping = loop();

  return {
    stop: async () => {
      stopping.abort();
      await Promise.all([looping, stopped]);
    },
  };
};
