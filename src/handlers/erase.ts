import type { Answer, Command } from '../core/command.ts';
import { messageOf } from '../core/errors.ts';
import type { Registry } from '../core/registry.ts';
import type { EventStore } from '../ports/event-store.ts';
import type { ReadModels } from '../ports/read-models.ts';
import type { ActorCache } from './cache.ts';

export type EraseDeps = {
  readonly registry: Registry;
  readonly store: EventStore;
  readonly readModels: ReadModels;
  readonly cache: ActorCache;
  readonly projections: readonly string[];
};

/**
 * Erases an actor's stream for good, on a person's word and with a reason: events, rows, and their bytes in the files.
 * An append that races it meets a closed stream. The engine's own ledgers are not erased: they hold no personal data.
 */
export const eraseStream = async ({ store, readModels, cache, projections }: EraseDeps, { to, reason }: Command): Promise<Answer> => {
  if (to.startsWith('engine.')) return { kind: 'rejected', stream: to, rule: 'engine-stream' };
  if (!reason) return { kind: 'rejected', stream: to, rule: 'reason-missing' };
  try {
    const before = await store.read(to, { limit: 1 });
    if (before.head === 'no-stream')
      return { kind: 'failed', stream: to, code: 'not-found', message: `There is no ${to}`, transient: false };
    if (before.head === 'erased') return { kind: 'ignored', stream: to, rule: 'already-erased' };
    await store.erase(to);
    cache.delete(to);
    const head = (await store.head())!;
    await Promise.all(projections.map((projection) => readModels.passed(projection, head)));
    await readModels.purge();
    return { kind: 'accepted', stream: to, rule: 'erased', revision: before.head + 1, position: head, events: ['StreamErased'] };
  } catch (error) {
    return { kind: 'failed', stream: to, code: 'store-unavailable', message: messageOf(error), transient: true };
  }
};
