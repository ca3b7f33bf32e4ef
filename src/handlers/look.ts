import { CarillonError } from '../core/errors.ts';
import type { StreamName } from '../core/event.ts';
import type { Look } from '../core/job.ts';
import { streamName } from '../core/stream.ts';
import { caughtUp } from '../projections/caught-up.ts';
import type { EngineParts } from './deps.ts';
import { deciderOf, loadActor } from './load.ts';

const maxRows = 1_000;

/** What jobs, tasks and simulations may see outside the actor at hand: other actors, read models, and the contexts' sources. */
export const createLook = (deps: Pick<EngineParts, 'registry' | 'store' | 'readModels'>, signal: AbortSignal): Look => ({
  state: async (text) => {
    const stream: StreamName = streamName(text);
    return (await loadActor(deps.store, deciderOf(deps.registry, stream), stream)).state;
  },
  rows: async (table, where) => {
    const owners = deps.registry.projections.filter((each) => each.tables.some(({ name }) => name === table));
    const names = owners.map(({ name }) => name);
    await caughtUp(deps, names, signal);
    return deps.readModels.list(table, { where, limit: maxRows });
  },
  ask: async (source, question) => {
    const ask = deps.registry.sources.get(source);
    if (ask === undefined) throw new CarillonError('not-found', `No source is named "${source}" in any context`);
    return ask(question);
  },
});
