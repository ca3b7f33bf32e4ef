import type { ItemState, ReactionCause } from '../contexts/engine/item/events.ts';
import { nextAttemptAt } from '../core/backoff.ts';
import type { Answer, Command } from '../core/command.ts';
import { isCarillonError, messageOf } from '../core/errors.ts';
import { type RecordedEvent, type StreamName, streamErased } from '../core/event.ts';
import { derivedId, itemStream, replayIds } from '../core/ids.ts';
import { exponential } from '../core/job.ts';
import { maxHops, reactionsTo } from '../core/reactions.ts';
import type { Reactor } from '../core/reactor.ts';
import type { EngineParts } from './deps.ts';

export type DeliveryDeps = EngineParts & { readonly build: number };

const attempts = 5;
const backoff = exponential('200ms', '10s');

/** These say nothing of the command: it is sent until those who should answer are back. */
const outages: ReadonlySet<string> = new Set([
  'store-closed',
  'store-unavailable',
  'store-full',
  'broker-unavailable',
  'answer-unknown',
  'clock-jumped',
]);

/** Why a command was given up; null when it was answered. */
type Failure = string | null;

const aboutOf = (event: Pick<RecordedEvent, 'stream' | 'revision'>, command: string | null): ReactionCause => ({
  stream: event.stream,
  revision: event.revision,
  command,
});

/** Brings the commands of reactors to an answer. What is refused or fails for good is parked, which counts as an answer. */
export const createDelivery = (deps: DeliveryDeps, signal: AbortSignal) => {
  const pause = (attempt: number): Promise<void> => deps.clock.sleepUntil(nextAttemptAt(backoff, attempt, deps.clock.now()), signal);

  /** Sends until it is answered, whatever it takes: for what must not be forgotten. */
  const insist = async (command: Command): Promise<void> => {
    for (let attempt = 1; !signal.aborted; attempt++) {
      const answer = await deps.commands.send(command).catch(() => null);
      if (answer !== null && answer.kind !== 'failed') return;
      await pause(attempt);
    }
  };

  const trySend = async (command: Command): Promise<Failure> => {
    if ((command.hops ?? 0) > maxHops) return `more than ${maxHops} reactors in a row`;
    let message = '';
    let tries = 0;
    for (let round = 1; tries < attempts && !signal.aborted; round++) {
      let away = false;
      try {
        const answer: Answer = await deps.commands.send(command);
        if (answer.kind === 'accepted' || answer.kind === 'ignored') return null;
        message = answer.kind === 'failed' ? answer.message : `rejected by rule ${answer.rule}`;
        if (answer.kind === 'rejected' && (answer.repeated || answer.rule !== 'actor-parked')) return message;
        if (answer.kind === 'failed' && !answer.transient) return message;
        away = answer.kind === 'failed' && outages.has(answer.code);
      } catch (error) {
        message = messageOf(error);
        away = isCarillonError(error) && outages.has(error.code);
      }
      if (!away) tries += 1;
      await pause(round);
    }
    return message;
  };

  /**
   * A rejection is remembered under its command's id, so a replay asks under a new one. The earlier ids are asked first:
   * one of them may have been accepted without anybody hearing of it.
   */
  const tryAgain = async (command: Command, replays: number): Promise<Failure> => {
    let failure: Failure = null;
    for (const id of replayIds(command.id, replays)) {
      failure = await trySend({ ...command, id });
      if (failure === null || !failure.startsWith('rejected')) return failure;
    }
    return failure;
  };

  const park = async (reactor: Reactor, wish: Pick<Command, 'to' | 'type' | 'correlationId'>, reaction: ReactionCause, message: string) => {
    const key = reaction.command ?? `${reaction.stream}@${reaction.revision}`;
    await reportFailure(itemStream(reactor.name, `${wish.to}~${key}`.replaceAll(' ', '~')), 0, {
      job: reactor.name,
      about: wish.to,
      reaction,
      correlationId: wish.correlationId,
      message: `${wish.type}: ${message}`,
    });
  };

  const reportFailure = async (
    item: StreamName,
    replays: number,
    failure: Pick<ItemState, 'job' | 'about' | 'message'> & { reaction: ReactionCause; correlationId: string | undefined },
  ): Promise<void> => {
    if (signal.aborted) return;
    const now = deps.clock.now();
    const { correlationId, job, about, reaction } = failure;
    const message = failure.message.slice(0, 500);
    await insist({
      id: derivedId(item, 'park', String(replays)),
      to: item,
      type: 'ReportFailure',
      asOf: now,
      ...(correlationId === undefined ? {} : { correlationId }),
      data: { job, about, message, attempts: 1, nextAt: now, build: deps.build, reaction },
    });
    deps.observers.note({ kind: 'item-parked', job, about, attempt: attempts, message });
  };

  /** All commands of an event are sent before any is waited for: the order per stream is kept, and the owner can batch them. */
  const deliver = async (reactor: Reactor, events: readonly RecordedEvent[]): Promise<void> => {
    const sent: Promise<void>[] = [];
    for (const event of events) {
      // The marker of an erased stream passes every filter; it is news for projections only.
      if (event.type === streamErased) continue;
      try {
        for (const command of reactionsTo(reactor, event))
          sent.push(
            trySend(command).then((failure) =>
              failure === null ? undefined : park(reactor, command, aboutOf(event, command.id), failure),
            ),
          );
      } catch (error) {
        const wish = { to: event.stream, type: event.type, correlationId: event.metadata.correlationId };
        sent.push(park(reactor, wish, aboutOf(event, null), messageOf(error)));
      }
    }
    await Promise.all(sent);
  };

  /** What a parked reaction's event leads to today: its command, or all of them when the reactor had thrown. */
  const commandsAgain = async (reactor: Reactor, cause: ReactionCause): Promise<readonly Command[] | string> => {
    const page = await deps.store.read(cause.stream as StreamName, { from: cause.revision, limit: 1 });
    const event = page.events[0];
    if (event === undefined || event.revision !== cause.revision || event.type === streamErased) return `${cause.stream} was erased`;
    const commands = reactionsTo(reactor, event);
    if (cause.command === null) return commands;
    const command = commands.find(({ id }) => id === cause.command);
    return command === undefined ? 'this build makes no such command of the event any more: discard it' : [command];
  };

  const replayOnce = async (reactor: Reactor, item: ItemState, by: Pick<Command, 'by' | 'reason'>): Promise<Failure> => {
    if (item.reaction === undefined) return 'parked by a build that kept no cause: send the command by hand and discard this';
    const commands = await commandsAgain(reactor, item.reaction);
    if (typeof commands === 'string') return commands;
    const failures = await Promise.all(commands.map((command) => tryAgain({ ...command, ...by }, item.replays ?? 0)));
    return failures.find((failure) => failure !== null) ?? null;
  };

  /** Makes a parked reaction's command again and brings it to an answer; then its item is recovered, or parked again. */
  const replay = async (stream: StreamName, item: ItemState, by: Pick<Command, 'by' | 'reason'> = {}): Promise<void> => {
    const reactor = deps.registry.reactors.find(({ name }) => name === item.job);
    if (reactor === undefined || item.status !== 'waiting') return;
    let failure: Failure = null;
    try {
      failure = await replayOnce(reactor, item, by);
    } catch (error) {
      failure = messageOf(error);
    }
    if (signal.aborted) return;
    const replays = item.replays ?? 0;
    if (failure === null) {
      const id = derivedId(stream, 'recover', String(replays));
      await insist({ id, to: stream, type: 'ReportRecovery', data: {}, asOf: deps.clock.now() });
      return;
    }
    const reaction = item.reaction ?? { stream: item.about, revision: 0, command: null };
    await reportFailure(stream, replays, { ...item, reaction, correlationId: undefined, message: failure });
  };

  return { deliver, replay };
};
