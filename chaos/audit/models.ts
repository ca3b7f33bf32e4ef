import { openSqliteReadModels } from '../../src/adapters/sqlite/read-models.ts';
import type { Position, RecordedEvent } from '../../src/core/event.ts';
import type { Projection } from '../../src/core/projection.ts';
import type { ReadModels } from '../../src/ports/read-models.ts';
import { project } from '../../src/projections/projector.ts';
import type { Say } from './finding.ts';

type Page = { readonly events: readonly RecordedEvent[]; readonly upTo: Position };

/** The log folded from nothing beside the live read models, each up to the live checkpoint: both must be the same (I8, I9). */
export const createModelCheck = async (live: ReadModels, projections: readonly Projection[], say: Say) => {
  const fresh = openSqliteReadModels({ file: ':memory:' });
  const limits = new Map<string, Position | null>();
  const reached = new Map<string, Position | null>();
  for (const projection of projections) {
    limits.set(projection.name, await live.open(projection, 'live'));
    await fresh.open(projection, 'live');
    reached.set(projection.name, null);
  }
  return {
    see: async ({ events, upTo }: Page): Promise<void> => {
      for (const projection of projections) {
        const limit = limits.get(projection.name) ?? null;
        const previous = reached.get(projection.name) ?? null;
        if (limit === null || (previous !== null && previous >= limit)) continue;
        const part = upTo <= limit ? { events, upTo } : { events: events.filter((event) => event.position <= limit), upTo: limit };
        await project(fresh, projection, part, previous);
        reached.set(projection.name, part.upTo);
      }
    },
    end: async (): Promise<void> => {
      for (const { name } of projections) {
        if (limits.get(name) !== reached.get(name)) say('wrong', `${name} stands at ${limits.get(name)}, beyond the log`);
        else if ((await live.hash(name, 'live')) !== (await fresh.hash(name, 'live')))
          say('wrong', `read model ${name} is not what the log says at ${limits.get(name)}`);
      }
      await fresh.close();
    },
  };
};
