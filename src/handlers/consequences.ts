import type { EffectState } from '../contexts/engine/effect/events.ts';
import type { ItemState } from '../contexts/engine/item/events.ts';
import type { RunState } from '../contexts/engine/run/run.ts';
import type { Answer, Command } from '../core/command.ts';
import { messageOf } from '../core/errors.ts';
import type { StreamName } from '../core/event.ts';
import type { SlotId } from '../core/ids.ts';
import { plus } from '../core/instant.ts';
import type { Json } from '../core/json.ts';
import { categoryOf } from '../core/stream.ts';
import type { Clock, Ids } from '../ports/clock.ts';
import type { EventStore } from '../ports/event-store.ts';
import type { Observers } from '../ports/observers.ts';
import type { createEffects } from './effects.ts';
import type { AppendedHook, Flags } from './flags.ts';
import type { Items } from './items.ts';
import { dropChapters } from './ledger.ts';

export type ConsequenceDeps = {
  readonly store: EventStore;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly observers: Observers;
  readonly flags: Flags;
  readonly items: Items;
  readonly effects: ReturnType<typeof createEffects>;
  readonly keepRunsDays: number;
  /** To an actor of this process. */
  local(command: Command): Promise<Answer> | undefined;
  peek(stream: StreamName): Promise<Json>;
  nudge(slot: SlotId): void;
  replay(stream: StreamName, item: ItemState, by: Pick<Command, 'by' | 'reason'>): Promise<void>;
};

type Events = Parameters<AppendedHook>[1];

const dayMs = 86_400_000;

/** What an owner does next after each durable append. All of it is only sooner: after a crash, timer, nudge or next owner do the same. */
export const createConsequences = (deps: ConsequenceDeps): AppendedHook => {
  const warn = (scope: string, error: unknown): void =>
    deps.observers.note({ kind: 'log', level: 'warn', scope, message: messageOf(error) });
  const origin = (events: Events) => ({
    id: deps.ids.next(),
    correlationId: events[0]!.metadata.correlationId,
    asOf: deps.clock.now(),
  });

  const effect = (stream: StreamName, events: Events, state: EffectState): void => {
    const { correlationId, asOf } = origin(events);
    if (events.at(-1)!.type === 'EffectStarted') deps.effects.start({ stream, state, correlationId });
    // What is due at once need not wait for the timer.
    else if (state.nextAt !== null && state.nextAt <= asOf) deps.effects.due(stream, correlationId);
  };

  /** A job's actor that was parked is settled again at once; when that changes nothing, there may be nothing left to do. */
  const replayActor = async (about: StreamName, events: Events): Promise<void> => {
    const answer = await deps.local({ ...origin(events), to: about, type: 'SettleActor', data: {} });
    if (answer?.kind === 'failed' && answer.code === 'stream-erased') deps.items.settle(about, null);
    else if (answer?.kind === 'ignored') deps.items.settle(about, await deps.peek(about));
  };

  const item = (stream: StreamName, events: Events, state: ItemState): void => {
    const last = events.at(-1)!;
    if (last.type !== 'ItemReplayed') return;
    if (deps.items.isOfJob(state))
      return void replayActor(state.about as StreamName, events).catch((error: unknown) => warn('items', error));
    const { by, reason } = last.metadata;
    void deps.replay(stream, state, { ...(by === undefined ? {} : { by }), ...(reason === undefined ? {} : { reason }) });
  };

  const ledger = (stream: StreamName, events: Events): void => {
    const last = events.at(-1)!;
    if (last.type === 'LedgerFolded') {
      const before = plus(deps.clock.now(), -deps.keepRunsDays * dayMs);
      void deps.local({ ...origin(events), to: stream, type: 'TrimLedger', data: { before } });
    } else if (last.type === 'LedgerTrimmed') {
      const { chapters } = last.data as { chapters: readonly number[] };
      dropChapters(deps.store, stream, chapters.at(-1)!).catch((error: unknown) => warn('ledger', error));
    }
  };

  return (stream, events, state) => {
    const category = categoryOf(stream);
    if (!category.startsWith('engine.')) return deps.items.settle(stream, state);
    deps.flags.learn(stream, state, events.at(-1)!.revision);
    if (category === 'engine.effect') effect(stream, events, state as EffectState);
    else if (category === 'engine.schedule') ledger(stream, events);
    else if (category === 'engine.run') deps.nudge((state as RunState).slot as SlotId);
    else if (category === 'engine.item') item(stream, events, state as ItemState);
  };
};
