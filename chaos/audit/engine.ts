import type { EffectState } from '../../src/contexts/engine/effect/events.ts';
import type { ItemEvent, ItemState } from '../../src/contexts/engine/item/events.ts';
import type { ScheduleEvent, ScheduleState } from '../../src/contexts/engine/schedule/events.ts';
import { schedule } from '../../src/contexts/engine/schedule/schedule.ts';
import { nextPending } from '../../src/contexts/engine/schedule/slots-of.ts';
import { commandRejected, type RecordedEvent } from '../../src/core/event.ts';
import { fromMs, plus } from '../../src/core/instant.ts';
import type { Registry } from '../../src/core/registry.ts';
import { countSlots } from '../../src/core/slots.ts';
import { categoryOf, idOf } from '../../src/core/stream.ts';
import type { Ledger } from '../provider-client.ts';
import { createCounts, type Say, type Watcher } from './finding.ts';

/** The process ended at `at`; what began less than `graceMs` before it may be unfinished. */
export type End = { readonly at: number; readonly graceMs: number };

/** Each slot is opened at most once and has one verdict (I1, I2); none waits. */
export const watchSchedules = (say: Say, end: End): Watcher => {
  const states = new Map<string, ScheduleState>();
  const opened = createCounts();
  const closed = createCounts();
  /** Slots opened by hand and backfills, by schedule: they come on top of the timetable's. */
  const extra = createCounts();
  const late = fromMs(end.at - end.graceMs);
  const check = (stream: string, state: ScheduleState): void => {
    const { definition, watermark, activeFrom, open, totals } = state;
    if (definition === null || watermark === null || activeFrom === null) return;
    if (open !== null && open.openedAt < late) say('stuck', `${open.slot} is open since ${open.openedAt}`);
    const pending = nextPending(state);
    if (pending !== null && pending < late) say('stuck', `${idOf(stream as never)} has a slot pending since ${pending}`);
    const verdicts = totals.completed + totals.failed + totals.cancelled + totals['timed-out'] + totals.skipped;
    const wanted = countSlots(definition.schedule, definition.zone, plus(activeFrom, -1), watermark) + extra.of(stream);
    if (verdicts !== wanted)
      say(verdicts < wanted ? 'lost' : 'doubled', `${idOf(stream as never)}: ${verdicts} verdicts on ${wanted} slots`);
    if (totals.failed + totals.cancelled + totals['timed-out'] > 0) say('wrong', `${idOf(stream as never)} has runs that did not complete`);
  };
  return {
    see: (event) => {
      if (categoryOf(event.stream) !== 'engine.schedule' || event.type === commandRejected) return;
      states.set(event.stream, schedule.evolve(states.get(event.stream) ?? schedule.initial, event as unknown as ScheduleEvent));
      const { slot } = event.data as { slot: string };
      if (event.type === 'SlotOpened' && opened.add(slot) > 1) say('doubled', `${slot} was opened twice`);
      if (event.type === 'SlotClosed' && /@manual-|~\d+$/.test(slot)) extra.add(event.stream);
      if (event.type === 'SlotClosed' && closed.add(slot) > 1) say('doubled', `${slot} was closed twice`);
    },
    end: () => {
      for (const [stream, state] of states) check(stream, state);
    },
  };
};

type Told = { state: EffectState; starts: number; confirmed: number; held: boolean };

const outside = (name: string): boolean => name.startsWith('pay/');

/** What an effect came to, held against what the provider really did (I3, I4). */
const checkEffect = (say: Say, registry: Registry, ledger: Ledger, restored: boolean, { state, starts, confirmed, held }: Told): void => {
  const { effect, key, status, message } = state;
  if (confirmed > 1) say('doubled', `${effect} ${key} was confirmed ${confirmed} times`);
  if (status === 'requested' || status === 'started') say('stuck', `${effect} ${key} is still ${status}`);
  if (status === 'parked' && !held && registry.effects.get(effect)?.idempotent) say('stuck', `${effect} ${key} is parked: ${message}`);
  if (!outside(effect)) return;
  const done = ledger[key] ?? { calls: 0, applied: 0 };
  if (done.applied > 1) say('doubled', `the provider did ${key} ${done.applied} times`);
  if (status === 'confirmed' && done.applied === 0) say('lost', `${key} is confirmed, and the provider never did it`);
  if (!restored && done.calls > starts) say('wrong', `${key} was called ${done.calls} times and started ${starts} times in the log`);
};

/** Every effect ends; each call was started in the log before it was made; each key is done once outside. */
export const watchEffects = (say: Say, registry: Registry, ledger: Ledger, restored: boolean): Watcher => {
  const effects = new Map<string, Told>();
  const decider = registry.deciders.get('engine.effect')!;
  return {
    see: (event) => {
      if (categoryOf(event.stream) !== 'engine.effect' || event.type === commandRejected) return;
      const told = effects.get(event.stream) ?? { state: decider.initial as EffectState, starts: 0, confirmed: 0, held: false };
      effects.set(event.stream, told);
      told.state = decider.evolve(told.state as never, event as never) as EffectState;
      // The data is not needed any more: half a million of them would be.
      told.state = { ...told.state, data: null };
      if (event.type === 'EffectStarted') told.starts++;
      if (event.type === 'EffectConfirmed') told.confirmed++;
      if (event.type === 'EffectParked') told.held = (event.data as { heldBy?: string }).heldBy !== undefined;
    },
    end: () => {
      const keys = new Set<string>();
      for (const told of effects.values()) {
        keys.add(told.state.key);
        checkEffect(say, registry, ledger, restored, told);
      }
      if (!restored)
        for (const key of Object.keys(ledger))
          if (!keys.has(key)) say('wrong', `the provider was asked for ${key}, which is not in the log`);
    },
  };
};

/** Nothing that a job or a reactor had to do waits or was given up; no import hangs. */
export const watchItems = (say: Say, registry: Registry): Watcher => {
  const items = new Map<string, ItemState>();
  const imports = new Map<string, boolean>();
  const decider = registry.deciders.get('engine.item')!;
  const fold = (event: RecordedEvent): void => {
    items.set(event.stream, decider.evolve((items.get(event.stream) ?? decider.initial) as never, event as never) as ItemState);
  };
  return {
    see: (event) => {
      if (categoryOf(event.stream) === 'engine.item' && event.type !== commandRejected) fold(event as RecordedEvent & ItemEvent);
      if (event.type === 'ImportStarted') imports.set(event.stream, false);
      if (event.type === 'ImportFinished') imports.set(event.stream, true);
    },
    end: () => {
      for (const { status, job, about, message } of items.values())
        if (status === 'waiting' || status === 'parked') say('stuck', `${job} ${status} for ${about}: ${message}`);
      for (const [stream, finished] of imports) if (!finished) say('stuck', `${stream} never finished`);
    },
  };
};
