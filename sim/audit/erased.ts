import { type RecordedEvent, streamErased } from '../../src/core/event.ts';
import type { ReadModels } from '../../src/ports/read-models.ts';
import type { Say } from './problem.ts';

const tables = ['actors', 'dues', 'parked'] as const;
const mostRows = 5_000;

/** I14: what an erased lamp was lit with stands in no event and in no row; its stream takes nothing any more. */
export const checkErased = async (events: readonly RecordedEvent[], readModels: ReadModels, say: Say): Promise<void> => {
  const erased = events.filter((event) => event.type === streamErased).map(({ stream }) => stream as string);
  if (erased.length === 0) return;
  const rows = (await Promise.all(tables.map((table) => readModels.list(table, { limit: mostRows })))).flat();
  const texts = [...events.map((event) => JSON.stringify(event.data)), ...rows.map((row) => JSON.stringify(row))];
  for (const stream of erased) {
    const canary = `canary-${stream.slice(stream.indexOf('-l') + 2)}-`;
    if (texts.some((text) => text.includes(canary))) say('I14', `${canary} of ${stream} is still there`);
    if (events.some((event) => event.stream === stream && event.type !== streamErased))
      say('I14', `${stream} has events after its erasure`);
  }
};
