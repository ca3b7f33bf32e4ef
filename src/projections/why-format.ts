import type { Instant } from '../core/instant.ts';
import type { Json, JsonObject } from '../core/json.ts';
import type { Change, Explanation, Standing } from './why.ts';

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

const slotText = (slot: string): string => slot.slice(slot.indexOf('@') + 1);

const causeOf = ({ command, slot, correlation }: Change): string => {
  if (command === null) return slot === null ? `settled by ${correlation}` : `settled at slot ${slotText(slot.slot)}`;
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
  if (change.slot !== null) {
    const { slot, version, definedBy } = change.slot;
    const whose = definedBy === '' ? '' : ` (${definedBy})`;
    lines.push(`    ${slot}  <- schedule v${version}${whose}${then === '' ? '' : ` ; ${then}`}`);
  } else if (then !== '') lines.push(`    ${then}`);
  return lines;
};

const standingOf = ({ job, rule, dueAt, facts, lastSlot }: Standing): string => {
  const told = factsOf(facts);
  const last = lastSlot === null ? '' : `; last slot ${slotText(lastSlot)}`;
  const since = dueAt === null ? '' : short(dueAt);
  if (rule === 'not-due') return `${job} not due until ${since}${last}`;
  return `${job} ${rule === 'due' ? '' : `${rule}${told === '' ? '' : ` (${told})`}, `}due since ${since}${last}`;
};

const nowLines = ({ next, jobs }: Explanation['now']): string[] => {
  const waiting = jobs?.filter((standing) => standing.dueAt !== null).map(standingOf) ?? [];
  if (waiting.length > 0) return waiting;
  return [next === null ? 'nothing due' : `${next.job} at ${short(next.at)}`];
};

/** An explanation for a terminal: one decision a line, its cause and what followed below it; then each job that it waits for. */
export const formatWhy = ({ stream, changes, now }: Explanation): string[] => [
  `why ${stream}`,
  ...changes.flatMap(linesOf),
  ...nowLines(now).map((line) => `  now: ${line}`),
];
