import type { AnyDecider } from '../core/decider.ts';
import { CarillonError } from '../core/errors.ts';
import { commandRejected, type StreamName } from '../core/event.ts';
import { type Instant, later } from '../core/instant.ts';
import type { Json } from '../core/json.ts';
import type { Registry } from '../core/registry.ts';
import { settle } from '../core/settle.ts';
import { categoryOf, idOf } from '../core/stream.ts';
import type { EventStore } from '../ports/event-store.ts';

/** An actor at an instant. `settled` is its state with everything applied that was due by then, recorded or not. */
export type AsOf = {
  readonly stream: StreamName;
  readonly at: Instant;
  readonly revision: number | null;
  readonly state: Json;
  readonly settled: Json;
};

const pageSize = 1_000;

/**
 * An actor as it stood at `at`: its events up to there, by when they took effect (`effect`, the default) or by when they
 * were recorded (`recorded`). Throws `not-found` for a stream without events, `stream-erased`.
 */
export const stateAsOf = async (
  deps: { readonly store: EventStore; readonly registry: Registry },
  stream: StreamName,
  at: Instant,
  by: 'effect' | 'recorded' = 'effect',
): Promise<AsOf> => {
  const decider = deps.registry.deciders.get(categoryOf(stream)) as AnyDecider | undefined;
  if (decider === undefined) throw new CarillonError('not-found', `No context has actors of category "${categoryOf(stream)}"`);
  let state = decider.initial;
  let revision: number | null = null;
  let asOf: Instant | null = null;
  for (let from = 0; ; from += pageSize) {
    const page = await deps.store.read(stream, { from, limit: pageSize });
    if (page.head === 'erased') throw new CarillonError('stream-erased', `${stream} was erased`);
    if (page.head === 'no-stream') throw new CarillonError('not-found', `There is no ${stream}`);
    for (const event of page.events) {
      if (event.type === commandRejected || (by === 'effect' ? event.metadata.asOf : event.recordedAt) > at) continue;
      state = decider.evolve(state, event);
      revision = event.revision;
      asOf = asOf === null ? event.metadata.asOf : later(asOf, event.metadata.asOf);
    }
    if (page.events.length < pageSize) break;
  }
  const dues = (deps.registry.dues.get(decider.category) ?? []).filter((due) => due.settles);
  return { stream, at, revision, state, settled: settle(decider, dues, idOf(stream), { state, asOf }, at).state };
};
