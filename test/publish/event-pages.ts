import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type RecordedEvent, streamErased } from '../../src/core/event.ts';
import type { JsonObject } from '../../src/core/json.ts';
import { categoryOf } from '../../src/core/stream.ts';
import { publicType, routingKey, toCloudEvent } from '../../src/publish/cloud-event.ts';
import { domainWorld } from '../support/domain-world.ts';
import { meanings } from './event-meanings.ts';

type Line = { readonly to: string; readonly type: string; readonly data: JsonObject; readonly asOf: string };

const facts = resolve(import.meta.dirname, '../../examples/long-weekend.ndjson');

/** The sample facts and what follows from them, told by the domain alone: the same events at every run. */
export const play = () => {
  const world = domainWorld();
  const lines = readFileSync(facts, 'utf8').trim().split('\n');
  for (const line of lines.map((text) => JSON.parse(text) as Line)) world.send(line.to, line.type, line.data, line.asOf);
  for (const job of world.registry.jobs.keys()) world.tick(job, '2026-03-01T00:00:00.000Z');
  return world;
};

type World = ReturnType<typeof play>;

const kindOf = (value: unknown): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return 'integer';
  if (typeof value === 'string' && /^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/.test(value)) return 'instant';
  if (typeof value === 'string' && /^\d+$/.test(value)) return 'string of digits';
  return typeof value;
};

/** The fields of an event type, from all of its events in the play. */
const fieldsOf = (events: readonly RecordedEvent[]): readonly string[] => {
  const kinds = new Map<string, Set<string>>();
  for (const { data } of events)
    for (const [name, value] of Object.entries(data as object)) kinds.set(name, (kinds.get(name) ?? new Set()).add(kindOf(value)));
  return [...kinds].map(([name, found]) => {
    // Some ids happen to be all digits.
    if (found.has('string')) found.delete('string of digits');
    return `| \`${name}\` | ${[...found].sort().join(' or ')} |`;
  });
};

const sampleOf = (event: RecordedEvent): string => {
  const { correlationid: _, causationid: __, ...sample } = toCloudEvent(event);
  return JSON.stringify(sample, null, 2);
};

const pageOf = (world: World, type: string, events: readonly RecordedEvent[]): string => {
  const first = events[0]!;
  const rules = [...new Set(events.map(({ metadata }) => metadata.rule))].sort();
  const followers = world.registry.reactors.filter(({ on }) => on.includes(first.type)).map(({ name }) => name);
  return `# ${type}

${meanings[type]}

| | |
| --- | --- |
| Entity | \`subject\` is its id; its stream is \`${categoryOf(first.stream)}-<id>\` |
| Routing key | \`${routingKey(first)}\` |
| Rules that decide it | ${rules.map((rule) => `\`${rule}\``).join(', ')} |
| Inside it leads to | ${followers.length === 0 ? 'nothing' : followers.map((name) => `\`${name}\``).join(', ')} |

| Field of \`data\` | |
| --- | --- |
${fieldsOf(events).join('\n')}

\`\`\`json
${sampleOf(first)}
\`\`\`
`;
};

/** Every public event type with its page. */
export const eventPages = (): ReadonlyMap<string, string | null> => {
  const world = play();
  const types = [...world.registry.deciders.values()].flatMap(({ category, events }) => events.map((event) => `${category}.${event}`));
  return new Map(
    types.map((type) => {
      const events = world.log.filter((event) => event.type !== streamErased && publicType(event) === type);
      return [type, events.length === 0 ? null : pageOf(world, type, events)];
    }),
  );
};
