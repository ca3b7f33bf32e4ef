import type { LogRange } from '../../src/ports/event-store.ts';
import type { Commit, ReadModels } from '../../src/ports/read-models.ts';
import type { Plant } from '../plant.ts';
import { withStore } from './wraps.ts';

const rowsOf = (commit: Commit): number => commit.puts.length + commit.removes.length;

/** Bugs in how the log is turned into rows, and how far readers wait. */
export const modelPlants: readonly Plant[] = [
  {
    name: 'checkpoint-before-rows',
    about: 'a projection commits its checkpoint first and its rows a little later',
    ports: (ports, { world, life }) => {
      const inner = ports.readModels;
      const commit = async (wish: Commit): Promise<void> => {
        if (rowsOf(wish) === 0) return inner.commit(wish);
        await inner.commit({ ...wish, puts: [], removes: [], removeWheres: [] });
        await world.sleep(2);
        if (!life.dead()) await inner.commit({ ...wish, previous: wish.next });
      };
      return { ...ports, readModels: { ...inner, commit } satisfies ReadModels };
    },
  },
  {
    name: 'rows-before-checkpoint',
    about: 'a projection commits its rows first and its checkpoint a little later: counts are added twice after a kill',
    ports: (ports, { world, life }) => {
      const inner = ports.readModels;
      const commit = async (wish: Commit): Promise<void> => {
        if (rowsOf(wish) === 0 || wish.previous === null) return inner.commit(wish);
        await inner.commit({ ...wish, next: wish.previous });
        await world.sleep(2);
        if (!life.dead()) await inner.commit({ ...wish, puts: [], removes: [], removeWheres: [] });
      };
      return { ...ports, readModels: { ...inner, commit } satisfies ReadModels };
    },
  },
  {
    name: 'fence-ignored',
    about: 'a projection commits on whatever checkpoint stands there',
    ports: (ports) => {
      const inner = ports.readModels;
      const commit = async (wish: Commit): Promise<void> => inner.commit({ ...wish, previous: await inner.checkpoint(wish.projection) });
      return { ...ports, readModels: { ...inner, commit } satisfies ReadModels };
    },
  },
  {
    name: 'planning-does-not-wait',
    about: 'planning reads the due index before it has caught up',
    ports: (ports) => ({ ...ports, readModels: { ...ports.readModels, passed: async () => undefined } }),
  },
  {
    name: 'due-index-lags',
    about: 'a row of the due index that is taken out comes back with the next commit',
    ports: (ports) => {
      const inner = ports.readModels;
      const commit = (wish: Commit): Promise<void> =>
        inner.commit({ ...wish, removes: wish.removes.filter(({ table }) => table !== 'dues') });
      return { ...ports, readModels: { ...inner, commit } satisfies ReadModels };
    },
  },
  {
    name: 'reactor-ahead',
    about: "a reactor's checkpoint passes a page before its commands were answered",
    ports: (ports, { registry }) => {
      const { store, readModels } = ports;
      const subscribe = async function* (range: LogRange, signal: AbortSignal) {
        const reactor = registry().reactors.find((each) => each.on === range.types);
        for await (const page of store.subscribe(range, signal)) {
          if (reactor !== undefined && page.events.length > 0) {
            const projection = `reactor:${reactor.name}`;
            const previous = await readModels.checkpoint(projection);
            await readModels.commit({ projection, build: 'live', puts: [], removes: [], removeWheres: [], previous, next: page.upTo });
          }
          yield page;
        }
      };
      const commit = async (wish: Commit): Promise<void> => {
        if (wish.projection.startsWith('reactor:') && (await readModels.checkpoint(wish.projection)) === wish.next) return;
        await readModels.commit(wish);
      };
      return { ...withStore(ports, { subscribe }), readModels: { ...readModels, commit } };
    },
  },
];
