import type { Position } from '../core/event.ts';
import type { ReadModels } from '../ports/read-models.ts';

const beforeAll = ''.padStart(16, '0') as Position;

/**
 * Sets each reactor that has no place yet before the whole log. Left to themselves, those of a process that starts after the due
 * index was built would begin at the head, and leave out what the folder had not delivered when it was stopped. Going over what
 * was delivered changes nothing: their commands have computed ids.
 */
export const placeReactors = async (readModels: Pick<ReadModels, 'open' | 'commit'>, reactors: readonly string[]): Promise<void> => {
  for (const reactor of reactors) {
    const projection = `reactor:${reactor}`;
    const known = await readModels.open({ name: projection, version: 1, tables: [], apply: () => undefined }, 'live');
    if (known !== null) continue;
    await readModels.commit({ projection, build: 'live', puts: [], removes: [], removeWheres: [], previous: null, next: beforeAll });
  }
};
