import { CarillonError } from '../../core/errors.ts';
import type { Projection } from '../../core/projection.ts';
import type { Build } from '../../ports/read-models.ts';
import type { BuildRow } from './builds.ts';
import { type Physical, physical } from './model-schema.ts';

export type Opened = { readonly projection: Projection; readonly tables: ReadonlyMap<string, Physical> };

/** The builds that this process has opened, and the tables behind the names that readers use. */
export type OpenedModels = {
  get(projection: string, build: Build): Opened | undefined;
  use(projection: Projection, build: Build, row: BuildRow): void;
  close(projection: string, build: Build): void;
  /** Readers name a table, not its projection: a name that two have would mix their rows. Throws `definition-invalid`. */
  claim(projection: Projection): void;
  /** The projection that has a table. Throws `not-found`. */
  ownerOf(table: string): string;
  /** Throws `not-found`. */
  table(table: string, build: Build): Physical;
};

const nameOf = (projection: string, build: Build): string => `${projection} ${build}`;

export const createOpenedModels = (): OpenedModels => {
  const opened = new Map<string, Opened>();
  const owners = new Map<string, string>();
  const notFound = (table: string): never => {
    throw new CarillonError('not-found', `No projection has a table "${table}"`);
  };
  const ownerOf = (table: string): string => owners.get(table) ?? notFound(table);
  return {
    ownerOf,
    get: (projection, build) => opened.get(nameOf(projection, build)),
    use(projection, build, row) {
      const tables = new Map(projection.tables.map((spec) => [spec.name, physical(spec, row.version, row.generation)]));
      opened.set(nameOf(projection.name, build), { projection, tables });
      for (const spec of projection.tables) owners.set(spec.name, projection.name);
    },
    close: (projection, build) => void opened.delete(nameOf(projection, build)),
    claim({ name, tables }) {
      for (const table of tables) {
        const owner = owners.get(table.name) ?? name;
        if (owner !== name)
          throw new CarillonError('definition-invalid', `Projections "${owner}" and "${name}" both have a table "${table.name}"`);
      }
    },
    table: (table, build) => opened.get(nameOf(ownerOf(table), build))?.tables.get(table) ?? notFound(table),
  };
};
