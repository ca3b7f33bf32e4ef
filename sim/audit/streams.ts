import { type RecordedEvent, streamErased } from '../../src/core/event.ts';
import { replayIds } from '../../src/core/ids.ts';
import { reactionsTo } from '../../src/core/reactions.ts';
import type { Registry } from '../../src/core/registry.ts';
import { categoryOf } from '../../src/core/stream.ts';
import type { Answered } from '../client.ts';
import type { Say } from './problem.ts';

/** I6: revisions without a hole, ids unique, a command done once. What was erased has holes. */
export const checkStreams = (events: readonly RecordedEvent[], say: Say): void => {
  const next = new Map<string, number>();
  const ids = new Set<string>();
  const causes = new Map<string, string>();
  for (const event of events) {
    const { stream, revision } = event;
    if (ids.has(event.id)) say('I6', `event id ${event.id} is used twice`);
    ids.add(event.id);
    if (event.type === streamErased) continue;
    if (revision !== (next.get(stream) ?? 0)) say('I6', `${stream} has revision ${revision} after ${(next.get(stream) ?? 0) - 1}`);
    next.set(stream, revision + 1);
    const { causationId, commandHash, asOf } = event.metadata;
    if (causationId === 'due') {
      if (event.metadata.job === undefined) say('I6', `${stream} ${revision} is due, but of no job`);
      continue;
    }
    const made = `${commandHash} ${asOf} ${event.recordedAt}`;
    const known = causes.get(`${stream} ${causationId}`);
    if (known !== undefined && known !== made) say('I6', `${stream}: command ${causationId} was done twice`);
    causes.set(`${stream} ${causationId}`, made);
  }
};

/** I6: every cause resolves: each reaction in the log was made from an event that is in the log. */
export const checkCauses = (events: readonly RecordedEvent[], registry: Registry, say: Say): void => {
  // An erased event leaves what it led to without a cause.
  if (events.some((event) => event.type === streamErased)) return;
  const replays = new Map<string, number>();
  for (const { stream, type } of events) if (type === 'ItemReplayed') replays.set(stream, (replays.get(stream) ?? 0) + 1);
  const most = Math.max(0, ...replays.values());
  const known = new Set<string>();
  for (const event of events)
    for (const reactor of registry.reactors) {
      if (!reactor.on.includes(event.type)) continue;
      for (const command of reactionsTo(reactor, event)) for (const id of replayIds(command.id, most)) known.add(`${command.to} ${id}`);
    }
  for (const { stream, metadata, type } of events) {
    if (Number(metadata.hops ?? 0) === 0 || metadata.causationId === 'due' || categoryOf(stream) === 'engine.item') continue;
    if (!known.has(`${stream} ${metadata.causationId}`))
      say('I6', `${stream}: nothing in the log led to ${type} (cause ${metadata.causationId})`);
  }
};

/** P3, I15: what a client was told stands in the log, with the operator's name and reason. */
export const checkAnswers = (
  events: readonly RecordedEvent[],
  answered: readonly Answered[],
  erased: ReadonlySet<string>,
  say: Say,
): void => {
  const done = new Map(events.map((event) => [`${event.stream} ${event.metadata.causationId}`, event]));
  for (const { command, answer } of answered) {
    if (answer.kind !== 'accepted' || erased.has(command.to)) continue;
    const event = done.get(`${command.to} ${command.id}`);
    if (event === undefined) say('P3', `${command.type} ${command.id} to ${command.to} was accepted and is not in the log`);
    else if (event.metadata.by !== command.by || event.metadata.reason !== command.reason)
      say('I15', `${command.type} ${command.id} is in the log without its operator or reason`);
  }
};
