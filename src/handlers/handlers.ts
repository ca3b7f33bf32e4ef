import type { EffectState } from '../contexts/engine/effect/events.ts';
import type { ItemState } from '../contexts/engine/item/events.ts';
import type { RunState } from '../contexts/engine/run/run.ts';
import type { ScheduleState } from '../contexts/engine/schedule/events.ts';
import type { Command } from '../core/command.ts';
import { messageOf } from '../core/errors.ts';
import type { StreamName } from '../core/event.ts';
import { itemStream, keyOfSlot, type SlotId } from '../core/ids.ts';
import { plus } from '../core/instant.ts';
import type { Json } from '../core/json.ts';
import { partitionKey, queueKey } from '../core/partition.ts';
import { categoryOf } from '../core/stream.ts';
import { type Broker, type Consumer, exchanges, type Handler, type Message } from '../ports/broker.ts';
import type { Vault } from '../ports/vault.ts';
import { caughtUp } from '../projections/caught-up.ts';
import { dueIndexName } from '../projections/due-index.ts';
import { actorRow, listActors } from '../projections/due-queries.ts';
import { peek } from './actor.ts';
import { createActorCache } from './cache.ts';
import { createCoordinator } from './coordinator.ts';
import { createEffects } from './effects.ts';
import { eraseStream } from './erase.ts';
import { type AppendedHook, createFlags } from './flags.ts';
import { dropChapters } from './ledger.ts';
import { createOrders, type OrderDeps } from './orders.ts';
import { createPartition, type Partition } from './partition.ts';
import { createReactors, type ReactorProgress } from './reactors.ts';
import type { Order } from './slice.ts';
import { runTimer } from './timer.ts';

export type HandlerDeps = Omit<OrderDeps, 'flags' | 'partition'> & {
  readonly broker: Broker;
  readonly partitions: number;
  readonly vault: Vault;
  readonly recomputed: Promise<void>;
  /** Names of all projections: an erasure waits for each. */
  readonly projections: readonly string[];
  readonly keepRunsDays: number;
  /** The read models began anew with this start. */
  readonly readModelsLost: boolean;
  /** The contexts whose partitions this process owns. */
  readonly contexts: readonly string[];
};

export type Handlers = {
  /** How far the reactors are. */
  readonly reactors: ReactorProgress;
  /** No new work; resolves when the work in hand is durable. */
  stop(): Promise<void>;
};

const prefetch = 512;
const dayMs = 86_400_000;
const learnPage = 500;

/** Takes ownership of its contexts' partitions: one queue, one loop each, with everything that hangs on them. */
export const startHandlers = async (deps: HandlerDeps): Promise<Handlers> => {
  const stopping = new AbortController();
  const { signal } = stopping;
  const flags = createFlags(deps.build);
  const cache = createActorCache();
  const owned = new Map<string, Partition>();
  const all = { ...deps, flags, cache, nextId: () => deps.ids.next(), partition: (key: string) => owned.get(key) };
  const peekState = async (stream: StreamName): Promise<Json> => (await peek(all, stream)).state;
  const orders = createOrders(all, signal);
  const effects = createEffects(deps, signal);
  const local = (command: Command): void => void owned.get(queueKey(command.to, deps.partitions))?.command(command);

  /** What failed under a job and was done after all, by a replay or by a command: its item waits no longer. */
  const recovered = (stream: StreamName, state: Json): void => {
    const asOf = deps.clock.now();
    for (const { name, transition } of deps.registry.dues.get(categoryOf(stream)) ?? []) {
      if (flags.item(name, stream)?.status !== 'waiting') continue;
      const at = transition.dueAt(state);
      if (at === null || at > asOf) local({ id: deps.ids.next(), to: itemStream(name, stream), type: 'ReportRecovery', data: {}, asOf });
    }
  };

  const appended: AppendedHook = (stream, events, state) => {
    const category = categoryOf(stream);
    if (!category.startsWith('engine.')) return recovered(stream, state);
    flags.learn(stream, state);
    const origin = { correlationId: events[0]!.metadata.correlationId, asOf: deps.clock.now() };
    const last = events.at(-1)!;
    if (category === 'engine.effect') {
      const effect = state as EffectState;
      if (last.type === 'EffectStarted') effects.start({ stream, state: effect, correlationId: origin.correlationId });
      // What is due at once need not wait for the timer.
      else if (effect.nextAt !== null && effect.nextAt <= origin.asOf)
        local({ ...origin, id: deps.ids.next(), to: stream, type: 'StartEffect', data: {} });
    } else if (last.type === 'LedgerFolded') {
      const before = plus(origin.asOf, -deps.keepRunsDays * dayMs);
      local({ ...origin, id: deps.ids.next(), to: stream, type: 'TrimLedger', data: { before } });
    } else if (last.type === 'LedgerTrimmed') {
      const { chapters } = last.data as { chapters: readonly number[] };
      dropChapters(deps.store, stream, chapters.at(-1)!).catch((error: unknown) =>
        deps.observers.note({ kind: 'log', level: 'warn', scope: 'ledger', message: messageOf(error) }),
      );
    } else if (category === 'engine.run') coordinator.nudge((state as RunState).slot as SlotId);
    else if (category === 'engine.item' && last.type === 'ItemReplayed') {
      const { job, about } = state as ItemState;
      const { by, reason } = last.metadata;
      if (deps.registry.jobs.has(job)) local({ ...origin, id: deps.ids.next(), to: about as StreamName, type: 'SettleActor', data: {} });
      else
        void reactors.replay(stream, state as ItemState, {
          ...(by === undefined ? {} : { by }),
          ...(reason === undefined ? {} : { reason }),
        });
    }
  };

  const reactors = createReactors(deps, signal);
  const coordinator = createCoordinator({ ...all, reactors: reactors.progress, peek: peekState }, signal);

  const onCommand = async (partition: Partition, message: Message): Promise<void> => {
    const command = continued(message.body as Command, message.headers.traceparent);
    const answer =
      command.type === 'EraseStream'
        ? await eraseStream(all, command)
        : await partition.command(command, { urgent: command.to.startsWith('engine.') });
    if (command.type === 'OpenSlot' && (answer.kind === 'accepted' || answer.kind === 'ignored'))
      opened(command, answer.kind === 'accepted');
    const { replyTo, ref } = message.headers;
    if (replyTo === undefined) return;
    // A sender that is gone needs no answer: it asks again under the same id.
    await deps.broker
      .publish(exchanges.replies, replyTo, { id: message.id, type: 'answer', headers: {}, body: { ref, answer } })
      .catch(() => undefined);
  };

  const opened = (command: Command, fresh: boolean): void => {
    const { slot, at, cause } = command.data as { slot: SlotId; at: string; cause: string };
    const delayMs = Math.max(0, Date.parse(deps.clock.now()) - Date.parse(at));
    if (fresh) deps.observers.note({ kind: 'slot-opened', job: keyOfSlot(slot), slot, cause, delayMs });
    coordinator.nudge(slot, command.traceparent);
  };

  /** Work goes on in the trace of the delivery that brought it. */
  const continued = <T extends object>(body: T, traceparent: string | undefined): T =>
    traceparent === undefined ? body : { ...body, traceparent };

  const handlerOf =
    (partition: Partition): Handler =>
    async (message) => {
      if (message.type === 'command') await onCommand(partition, message);
      else if (message.type === 'order') orders.accept(continued(message.body as Order, message.headers.traceparent));
      else return { park: `unknown message type "${message.type}"` };
      return 'ack';
    };

  /** Paused schedules and failed items must be known before the first settle. */
  const learn = async () => {
    await caughtUp(deps, [dueIndexName]);
    const schedules: ScheduleState[] = [];
    const waiting: { readonly stream: StreamName; readonly item: ItemState }[] = [];
    for (const category of ['engine.schedule', 'engine.item']) {
      for (let after: string | undefined; ; ) {
        const page = await listActors(deps.readModels, category, { limit: learnPage, ...(after === undefined ? {} : { after }) });
        for (const row of page) {
          flags.learn(row.stream as StreamName, row.state);
          if (category === 'engine.schedule') schedules.push(row.state as ScheduleState);
          else if ((row.state as ItemState).status === 'waiting')
            waiting.push({ stream: row.stream as StreamName, item: row.state as ItemState });
        }
        after = page.at(-1)?.stream;
        if (page.length < learnPage) break;
      }
    }
    return { schedules, waiting };
  };

  const consumers: Consumer[] = [];
  const own = async (): Promise<void> => {
    const keys = deps.contexts.flatMap((context) => Array.from({ length: deps.partitions }, (_, index) => partitionKey(context, index)));
    await deps.broker.declare({
      exchanges: [
        { name: exchanges.commands, kind: 'direct' },
        { name: exchanges.ticks, kind: 'topic' },
      ],
      queues: keys.map((key) => ({ name: `carillon.${key}` })),
      bindings: keys.flatMap((key) => {
        const [context, partition] = key.split('.');
        return [
          { exchange: exchanges.commands, queue: `carillon.${key}`, key },
          { exchange: exchanges.ticks, queue: `carillon.${key}`, key: `${context}.*.${partition}` },
        ];
      }),
    });
    for (const key of keys) {
      const partition = createPartition({ ...all, appended });
      owned.set(key, partition);
      consumers.push(await deps.broker.consume(`carillon.${key}`, { prefetch }, handlerOf(partition)));
    }
  };

  const { schedules, waiting } = await learn();
  await reactors.begun();
  await own();
  // Items whose actor was done when the last owner went, before it could say so; reactions that were being tried again.
  for (const { stream, item } of waiting) {
    if (!deps.registry.jobs.has(item.job)) void reactors.replay(stream, item);
    const row = await actorRow(deps.readModels, item.about);
    if (row !== null) recovered(row.stream as StreamName, row.state);
  }
  // Slots that were open when the last owner went: no need to wait for the ticker's reminder.
  for (const schedule of schedules) if (schedule.open !== null) coordinator.nudge(schedule.open.slot);
  const timer = runTimer(all, signal).catch((error: unknown) =>
    deps.observers.note({ kind: 'log', level: 'error', scope: 'timer', message: messageOf(error) }),
  );

  return {
    reactors: reactors.progress,
    stop: async () => {
      stopping.abort();
      // Reactors and timer wait for answers to what they sent: the owners go after them.
      await Promise.all([timer, reactors.stopped()]);
      await Promise.all(consumers.map((consumer) => consumer.stop()));
      await Promise.all([...owned.values()].map((partition) => partition.stop()));
    },
  };
};
