import { openSqliteReadModels } from '../../src/adapters/sqlite/read-models.ts';
import { type RecordedEvent, streamErased } from '../../src/core/event.ts';
import type { Registry } from '../../src/core/registry.ts';
import { projectionsOf } from '../../src/engine.ts';
import type { ReadModels } from '../../src/ports/read-models.ts';
import { project } from '../../src/projections/projector.ts';
import { partitions } from '../process.ts';
import type { Say } from './problem.ts';

/** Their rows stand for more than one stream: an erasure leaves what it added. */
const shared: readonly string[] = ['runs', 'time-index'];

/**
 * I8, I9: the rows of each projection are what a fold of the log from nothing gives, at the place where it stands. `atRest`: and
 * it stands at the end of the log. What an erasure left behind is excepted.
 */

export const checkProjections = async (
  events: readonly RecordedEvent[],
  registry: Registry,
  live: ReadModels,
  atRest: boolean,
  say: Say,
): Promise<void> => {
  const head = events.at(-1)?.position;
  if (head === undefined) return;
  const erased = events.some((event) => event.type === streamErased);
  const fresh = openSqliteReadModels({ file: ':memory:' });
  for (const projection of projectionsOf(registry, partitions)) {
    const { name } = projection;
    const checkpoint = await live.checkpoint(name);
    if (atRest && checkpoint !== head) say('I10', `projection ${name} stands at ${checkpoint}, the log at ${head}`);
    if (checkpoint !== null && checkpoint > head)
      say('I8', `projection ${name} stands at ${checkpoint}, after the end of the log at ${head}`);
    if (checkpoint === null || (erased && (!atRest || shared.includes(name)))) continue;
    await fresh.open(projection, 'live');
    await project(fresh, projection, { events: events.filter(({ position }) => position <= checkpoint), upTo: checkpoint }, null);
    if ((await live.hash(name, 'live')) !== (await fresh.hash(name, 'live')))
      say(atRest ? 'I9' : 'I8', `projection ${name} is not what the log says up to ${checkpoint}`);
  }
  await fresh.close();
};
