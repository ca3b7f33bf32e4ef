import { commandRejected, type RecordedEvent } from '../../src/core/event.ts';
import type { Json } from '../../src/core/json.ts';
import type { Registry } from '../../src/core/registry.ts';
import { categoryOf } from '../../src/core/stream.ts';
import type { Say } from './problem.ts';

const ledgers: readonly string[] = ['engine.effect', 'engine.item', 'engine.run', 'engine.import'];
const unfinished: readonly string[] = ['requested', 'started', 'waiting', 'running'];

/** I4, I10: nothing waits: effects are confirmed, parked or discarded; items too; confirmed ones stand in the provider's ledger. */
export const checkEnds = (events: readonly RecordedEvent[], registry: Registry, done: ReadonlyMap<string, number>, say: Say): void => {
  const states = new Map<string, Json>();
  for (const event of events) {
    const category = categoryOf(event.stream);
    if (!ledgers.includes(category) || event.type === commandRejected) continue;
    const decider = registry.deciders.get(category)!;
    states.set(event.stream, decider.evolve((states.get(event.stream) ?? decider.initial) as never, event as never) as Json);
  }
  for (const [stream, state] of states) {
    const { status, effect, key, job } = state as { status: string; effect?: string; key?: string; job?: string };
    if (unfinished.includes(status)) say('I10', `${stream} is still ${status}${job ? ` (${job})` : ''}`);
    const times = effect === undefined ? 1 : (done.get(`${effect} ${key}`) ?? 0);
    if (status === 'confirmed' && times !== 1) say('I3', `${effect} ${key} is confirmed; the provider did it ${times} times`);
  }
};
