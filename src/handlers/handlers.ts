import type { ItemState } from '../contexts/engine/item/events.ts';
import type { ScheduleState } from '../contexts/engine/schedule/events.ts';
import type { Answer, Command } from '../core/command.ts';
import { messageOf } from '../core/errors.ts';
import type { StreamName } from '../core/event.ts';
import { keyOfSlot, type SlotId } from '../core/ids.ts';
import { type Instant, plus } from '../core/instant.ts';
import type { Json } from '../core/json.ts';
import { queueKey } from '../core/partition.ts';
import { categoryOf } from '../core/stream.ts';
import { type Broker, exchanges, type Handler, type Message } from '../ports/broker.ts';
import type { Cluster } from '../ports/cluster.ts';
import type { Vault } from '../ports/vault.ts';
import { caughtUp } from '../projections/caught-up.ts';
import { dueIndexName } from '../projections/due-index.ts';
import { actorRow } from '../projections/due-queries.ts';
import { followStates } from '../projections/follow-states.ts';
import { peek } from './actor.ts';
import { createActorCache } from './cache.ts';
import { createConsequences } from './consequences.ts';
import { createCoordinator } from './coordinator.ts';
import { createEffects } from './effects.ts';
import { eraseStream } from './erase.ts';
import { createFlags, flagCategories } from './flags.ts';
import { createItems } from './items.ts';
import { createOrders, type OrderDeps } from './orders.ts';
import { createOwnership } from './ownership.ts';
import { createPartition, type Partition } from './partition.ts';
import { createReactors, type ReactorProgress } from './reactors.ts';
import type { Order } from './slice.ts';
import { runTimer } from './timer.ts';

export type HandlerDeps = Omit<OrderDeps, 'flags' | 'partition' | 'followed'> & {
  readonly broker: Broker;
  readonly cluster: Cluster;
  readonly partitions: number;
  readonly vault: Vault;
  readonly recomputed: Promise<void>;
  /** Names of all projections: an erasure waits for each. */
  readonly projections: readonly string[];
  readonly keepRunsDays: number;
  /** The read models began anew with this start. */
  readonly readModelsLost: boolean;
  /** The contexts whose actors this process handles, alone or with others. */
  readonly contexts: readonly string[];
};

export type Handlers = {
  /** How far the reactors are. */
  readonly reactors: ReactorProgress;
  /** No new work; resolves when the work in hand is durable. */
  stop(): Promise<void>;
};

/** A sender waits 30 s for its answer. */
const replyTries = 30;
const replyAgainMs = 1_000;
/** How long an item may wait past its next try before it is looked at again. */
const sweepMs = 30_000;

/** Work goes on in the trace of the delivery that brought it. */
const continued = <T extends object>(body: T, traceparent: string | undefined): T =>
  traceparent === undefined ? body : { ...body, traceparent };

/** Handles its contexts: takes its partitions with everything that hangs on them, and gives them up when others take them. */
export const startHandlers = async (deps: HandlerDeps): Promise<Handlers> => {
  const stopping = new AbortController();
  const { signal } = stopping;
  const flags = createFlags(deps.build);
  const cache = createActorCache();
  const openSlots = new Map<StreamName, SlotId>();

  await caughtUp(deps, [dueIndexName]);
  const followed = await followStates(
    deps,
    flagCategories,
    (stream, state, revision) => {
      flags.learn(stream, state, revision);
      if (categoryOf(stream) === 'engine.schedule') {
        const { open } = state as ScheduleState;
        if (open === null) openSlots.delete(stream);
        else openSlots.set(stream, open.slot);
        return true;
      }
      const { status } = state as ItemState;
      return status === 'waiting' || status === 'parked';
    },
    signal,
  );

  const local = (command: Command): Promise<Answer> | undefined => ownership.get(queueKey(command.to, deps.partitions))?.command(command);
  const all = {
    ...deps,
    flags,
    cache,
    nextId: () => deps.ids.next(),
    local,
    partition: (key: string): Partition | undefined => ownership.get(key),
    peek: async (stream: StreamName): Promise<Json> => (await peek({ ...deps, cache }, stream)).state,
    /** Everything of schedules and items that is in the log now is known. */
    followed: async (): Promise<void> => {
      const head = await deps.store.head();
      if (head !== null) await followed.passed(head);
    },
  };
  const items = createItems({ ...all, send: (command) => void local(command) });
  const orders = createOrders(all, signal);
  const effects = createEffects(all, signal);
  const reactors = createReactors(deps, signal);
  const coordinator = createCoordinator({ ...all, reactors: reactors.progress }, signal);
  const appended = createConsequences({ ...all, items, effects, nudge: coordinator.nudge, replay: reactors.replay });

  const opened = (command: Command, fresh: boolean): void => {
    const { slot, at, cause } = command.data as { slot: SlotId; at: string; cause: string };
    const delayMs = Math.max(0, Date.parse(deps.clock.now()) - Date.parse(at));
    if (fresh) deps.observers.note({ kind: 'slot-opened', job: keyOfSlot(slot), slot, cause, delayMs });
    coordinator.nudge(slot, command.traceparent);
  };

  const erase = async (command: Command): Promise<Answer> => {
    const answer = await eraseStream(all, command);
    if (answer.kind === 'accepted') items.settle(command.to, null);
    return answer;
  };

  /** Tried again while the broker is away. A sender that is gone needs no answer: it asks again under the same id. */
  const reply = async (to: string, message: Message): Promise<void> => {
    for (let tries = 0; tries < replyTries; tries++) {
      const sent = await deps.broker.publish(exchanges.replies, to, message).then(
        () => true,
        () => false,
      );
      // A stop waits for answers to what is in hand: it is said once in any case.
      if (sent || signal.aborted) return;
      await deps.clock.sleep(replyAgainMs, signal);
    }
  };

  const onCommand = async (partition: Partition, message: Message): Promise<void> => {
    const command = continued(message.body as Command, message.headers.traceparent);
    const answer =
      command.type === 'EraseStream'
        ? await erase(command)
        : await partition.command(command, { urgent: command.to.startsWith('engine.') });
    if (command.type === 'OpenSlot' && (answer.kind === 'accepted' || answer.kind === 'ignored'))
      opened(command, answer.kind === 'accepted');
    const { replyTo, ref } = message.headers;
    if (replyTo !== undefined) await reply(replyTo, { id: message.id, type: 'answer', headers: {}, body: { ref, answer } });
  };

  const handlerOf =
    (partition: Partition): Handler =>
    async (message) => {
      if (message.type === 'command') await onCommand(partition, message);
      else if (message.type === 'order') orders.accept(continued(message.body as Order, message.headers.traceparent));
      else return { park: `unknown message type "${message.type}"` };
      return 'ack';
    };

  /** Items that wait although their actor is done, or whose replay nobody carries out: whoever should have said so is gone. */
  const takeUpItems = async (mine: (stream: StreamName) => boolean, before: Instant): Promise<void> => {
    for (const [stream, item] of flags.waiting().filter(([each, { nextAt }]) => mine(each) && (nextAt ?? before) <= before)) {
      if (!items.isOfJob(item)) void reactors.replay(stream, item);
      else items.settle(item.about as StreamName, (await actorRow(deps.readModels, item.about))?.state ?? null);
    }
  };

  /** Takes up what the last owner left: items, and open slots, which need not wait for a reminder. */
  const gained = async (keys: ReadonlySet<string>): Promise<void> => {
    await all.followed();
    const mine = (stream: StreamName): boolean => keys.has(queueKey(stream, deps.partitions));
    await takeUpItems(mine, deps.clock.now());
    for (const [, slot] of [...openSlots].filter(([each]) => mine(each))) coordinator.nudge(slot);
  };

  /** What was told once and not heard, because the store was away, is told again. */
  const sweep = async (): Promise<void> => {
    while (!signal.aborted) {
      await deps.clock.sleep(sweepMs, signal);
      const mine = (stream: StreamName): boolean => ownership.get(queueKey(stream, deps.partitions)) !== undefined;
      await takeUpItems(mine, plus(deps.clock.now(), -sweepMs)).catch((error: unknown) =>
        deps.observers.note({ kind: 'log', level: 'warn', scope: 'items', message: messageOf(error) }),
      );
    }
  };

  const ownership = createOwnership({
    ...deps,
    create: () => createPartition({ ...all, appended }),
    handlerOf,
    moving: cache.clear,
    gained,
  });

  await reactors.begun();
  const members = await Promise.all(
    deps.contexts.map((context) => deps.cluster.join(context, (owned) => (signal.aborted ? undefined : ownership.set(context, owned)))),
  );
  const timer = runTimer({ ...all, effectDue: (stream) => effects.due(stream, deps.ids.next()) }, signal).catch((error: unknown) =>
    deps.observers.note({ kind: 'log', level: 'error', scope: 'timer', message: messageOf(error) }),
  );

  const sweeping = sweep();

  return {
    reactors: reactors.progress,
    stop: async () => {
      stopping.abort();
      // Reactors and timer wait for answers to what they sent: the owners go after them.
      await Promise.all([timer, sweeping, reactors.stopped()]);
      // Others take over as soon as they hear of it; what is in hand here is finished, or fenced.
      await Promise.all(members.map((member) => member.leave()));
      await ownership.stop();
      await followed.stopped;
    },
  };
};
