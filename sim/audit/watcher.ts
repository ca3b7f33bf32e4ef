import type { RecordedEvent } from '../../src/core/event.ts';
import { toMs } from '../../src/core/instant.ts';
import type { Say } from './problem.ts';

/** A slot may be opened 5 s early by its owner's clock, which is off by up to 4 s. */
const aheadMs = 5_000 + 4_000;

/** Looked at with every event that becomes durable: I1, I3, I4, I13. */
export const createWatcher = (say: Say, started: Set<string>, nowMs: () => number) => {
  const opened = new Set<string>();
  const confirmed = new Set<string>();
  return (event: Omit<RecordedEvent, 'position'>): void => {
    const { stream, type, metadata } = event;
    if (toMs(metadata.asOf) > nowMs() + aheadMs) say('I13', `${stream} ${type} takes effect at ${metadata.asOf}, before its time`);
    if (type === 'SlotOpened') {
      const { slot, at } = event.data as { slot: string; at: string };
      if (opened.has(slot)) say('I1', `${slot} was opened twice`);
      if (Date.parse(at) > nowMs() + aheadMs) say('I13', `${slot} was opened before its time`);
      opened.add(slot);
    } else if (type === 'EffectStarted') {
      started.add(stream);
    } else if (type === 'EffectConfirmed') {
      if (confirmed.has(stream)) say('I3', `${stream} was confirmed twice`);
      if (!started.has(stream)) say('I4', `${stream} was confirmed without a start`);
      confirmed.add(stream);
    }
  };
};
