import type { EventStore } from '../ports/event-store.ts';
import type { ReadModels } from '../ports/read-models.ts';

/** Resolves when the named projections have taken in everything that is in the log now, and when aborted. */
export const caughtUp = async (
  { store, readModels }: { readonly store: EventStore; readonly readModels: ReadModels },
  projections: readonly string[],
  signal?: AbortSignal,
): Promise<void> => {
  const head = await store.head();
  if (head !== null) await Promise.all(projections.map((projection) => readModels.passed(projection, head, signal)));
};
