import { CarillonError } from '../../core/errors.ts';
import type { Projection } from '../../core/projection.ts';
import type { Build } from '../../ports/read-models.ts';
import type { BuildRow } from './read-models-builds.ts';
import { type Physical, physical } from './read-models-schema.ts';

type Opened = { readonly projection: Projection; readonly tables: ReadonlyMap<string, Physical> };

const nameOf = (projection: string, build: Build): string => `${projection} ${build}`;

/** The builds that this process has opened, and the tables behind the names that readers use. */
export const createOpened = () => {
  const opened = new Map<string, Opened>();
  const owners = new Map<string, string>();
  return {
    get: (projection: string, build: Build): Opened | undefined => opened.get(nameOf(projection, build)),
    use(projection: Projection, build: Build, row: BuildRow): void {
      const tables = new Map(projection.tables.map((spec) => [spec.name, physical(spec, row.version, row.generation)]));
      opened.set(nameOf(projection.name, build), { projection, tables });
      for (const spec of projection.tables) owners.set(spec.name, projection.name);
    },
    close: (projection: string, build: Build): void => void opened.delete(nameOf(projection, build)),
    /** Readers name a table, not its projection: a name that two have would mix their rows. */
    claim({ name, tables }: Projection): void {
      for (const table of tables) {
        const owner = owners.get(table.name) ?? name;
        if (owner !== name)
          throw new CarillonError('definition-invalid', `Projections "${owner}" and "${name}" both have a table "${table.name}"`);
      }
    },
    table(table: string, build: Build = 'live'): Physical {
      const found = opened.get(nameOf(owners.get(table) ?? '', build))?.tables.get(table);
      if (found === undefined) throw new CarillonError('not-found', `No projection has a table "${table}"`);
      return found;
    },
  };
};

export type OpenedBuilds = ReturnType<typeof createOpened>;
