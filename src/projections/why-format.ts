import type { Instant } from '../core/instant.ts';
import type { Json, JsonObject } from '../core/json.ts';
import type { Change, Explanation } from './why.ts';

/** `2026-11-23T14:00:00.000Z` -> `2026-11-23 14:00Z`; seconds only where they are not zero. */
const short = (at: Instant): string => at.replace('T', ' ').replace(/(:00)?\.000Z$/, 'Z');

const value = (item: Json): string =>
  typeof item === 'string' && /^\d{4}-\d\d-\d\dT/.test(item)
    ? short(item as Instant)
    : typeof item === 'string'
      ? item
      : JSON.stringify(item);

const factsOf = (facts: Json): string =>
  facts === null || typeof facts !== 'object' || Array.isArray(facts)
    ? facts === null
      ? ''
      : value(facts)
    : Object.entries(facts as JsonObject)
        .map(([name, fact]) => `${name} ${value(fact)}`)
        .join(', ');

const causeOf = ({ command, slot, correlation }: Change): string => {
  if (command === null)
    return slot === null ? `settled by ${correlation}` : `settled at slot ${slot.slot.slice(slot.slot.indexOf('@') + 1)}`;
  const by = command.by === null ? '' : ` by ${command.by}`;
  const reason = command.reason === null ? '' : ` ("${command.reason}")`;
  return `command ${command.id}${by}${reason}`;
};

const linesOf = (change: Change): string[] => {
  const what = change.refused ? `refused` : change.events.join(', ');
  const facts = factsOf(change.facts);
  const lines = [`  ${what}  ${short(change.at)}  ${change.rule}  ${facts === '' ? '' : `${facts}; `}${causeOf(change)}`];
  const followed = change.followed.flatMap((each) => each.events);
  const then = followed.length === 0 ? '' : `then ${followed.join(', ')}`;
  if (change.slot !== null)
    lines.push(`    ${change.slot.slot}  <- schedule v${change.slot.version} (${change.slot.definedBy})${then === '' ? '' : ` ; ${then}`}`);
  else if (then !== '') lines.push(`    ${then}`);
  return lines;
};

/** An explanation for a terminal: one decision a line, its cause and what followed below it. */
export const formatWhy = ({ stream, changes, now }: Explanation): string[] => [
  `why ${stream}`,
  ...changes.flatMap(linesOf),
  `  now: ${now.next === null ? 'nothing due' : `${now.next.job} at ${short(now.next.at)}`}`,
];
