import type { Plant } from '../plant.ts';
import { definitionPlants } from './definitions.ts';
import { messagePlants } from './messages.ts';
import { modelPlants } from './models.ts';
import { storePlants } from './store.ts';

/** Bugs put in on purpose, each by wrapping a port or a definition. The simulator must find each of them. */
export const plants: readonly Plant[] = [...storePlants, ...modelPlants, ...definitionPlants, ...messagePlants];

/** Throws when no bug has this name. */
export const plantOf = (name: string): Plant => {
  const found = plants.find((each) => each.name === name);
  if (found === undefined) throw new Error(`No planted bug is named "${name}"; there are ${plants.map((each) => each.name).join(', ')}`);
  return found;
};
