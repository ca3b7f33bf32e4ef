import type { EffectState } from '../contexts/engine/effect/events.ts';
import type { Answer, Command } from '../core/command.ts';
import type { Effect, EffectOutcome } from '../core/effect.ts';
import { messageOf } from '../core/errors.ts';
import type { StreamName } from '../core/event.ts';
import type { Registry } from '../core/registry.ts';
import { idOf } from '../core/stream.ts';
import type { Clock, Ids } from '../ports/clock.ts';
import type { Commands } from '../ports/commands.ts';
import type { Observers } from '../ports/observers.ts';
import type { Vault } from '../ports/vault.ts';

export type EffectDeps = {
  readonly registry: Registry;
  readonly commands: Commands;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly observers: Observers;
  /** To an actor of this process; undefined when its partition is not owned here any more. */
  local(command: Command): Promise<Answer> | undefined;
};

type Call = { readonly stream: StreamName; readonly state: EffectState; readonly correlationId: string };
/** One effect's calls: who waits for a turn, whose start is being recorded, and how many turns are taken. */
type Lane = {
  readonly effect: Effect | undefined;
  readonly waiting: { readonly stream: StreamName; readonly correlationId: string }[];
  readonly known: Set<StreamName>;
  readonly starting: Set<StreamName>;
  taken: number;
  nextAt: number;
};

const messages = { confirmed: 'ConfirmEffect', failed: 'FailEffect', unknown: 'ReportUnknown' } as const;
/** Turns of an effect that this build does not have: its requests are only parked. */
const unknownTurns = 10;

/** `engine.effect-giving/notify/<hash>` -> `giving/notify`. */
const nameOf = (stream: StreamName): string => {
  const id = idOf(stream);
  return id.slice(0, id.lastIndexOf('/'));
};

/**
 * Makes the calls of effects, beside the partition's loop, with the effect's own concurrency and rate. A start is recorded only
 * when its call has a turn: a crash leaves no more calls in doubt than were running. The outcome comes back as a
 * command; a call that the process does not live to answer is found by the timer.
 */
export const createEffects = (deps: EffectDeps, signal: AbortSignal) => {
  const lanes = new Map<string, Lane>();
  const laneOf = (stream: StreamName): Lane => {
    const name = nameOf(stream);
    const known = lanes.get(name);
    if (known !== undefined) return known;
    const effect = deps.registry.effects.get(name);
    const lane: Lane = { effect, waiting: [], known: new Set(), starting: new Set(), taken: 0, nextAt: 0 };
    lanes.set(name, lane);
    return lane;
  };

  const call = async (effect: Effect, { state }: Call): Promise<EffectOutcome> => {
    const timeout = new AbortController();
    const stop = deps.clock
      .sleep(effect.timeoutSeconds * 1_000, timeout.signal)
      .then((): EffectOutcome => ({ kind: 'unknown', message: `no answer after ${effect.timeoutSeconds} s` }));
    const eraseStream = (to: StreamName) =>
      deps.commands.send({
        id: deps.ids.next(),
        to,
        type: 'EraseStream',
        data: {},
        asOf: deps.clock.now(),
        by: effect.name,
        reason: state.key,
      });
    try {
      const answer = effect
        .handler({ key: state.key, data: state.data, attempt: state.attempt, signal: timeout.signal, vault: deps.vault, eraseStream })
        .then((outcome) => outcome ?? ({ kind: 'confirmed' } as const));
      return await Promise.race([answer, stop]);
    } catch (error) {
      return { kind: 'unknown', message: messageOf(error) };
    } finally {
      timeout.abort();
    }
  };

  const report = async ({ stream, state, correlationId }: Call, outcome: EffectOutcome): Promise<void> => {
    const { attempt } = state;
    const data =
      outcome.kind === 'confirmed'
        ? { attempt, reference: outcome.reference ?? null }
        : outcome.kind === 'failed'
          ? {
              attempt,
              message: outcome.message,
              final: outcome.final === true,
              ...(outcome.retryAt === undefined ? {} : { retryAt: outcome.retryAt }),
            }
          : { attempt, message: outcome.message };
    const command: Command = { id: deps.ids.next(), to: stream, type: messages[outcome.kind], data, asOf: deps.clock.now(), correlationId };
    await deps.commands.send(command);
    deps.observers.note({ kind: 'effect', effect: state.effect, outcome: outcome.kind });
  };

  const inTurn = async (lane: Lane): Promise<void> => {
    const rate = lane.effect?.rate;
    if (rate === undefined) return;
    const wait = lane.nextAt - deps.clock.monotonic();
    lane.nextAt = Math.max(lane.nextAt, deps.clock.monotonic()) + 1_000 / rate;
    if (wait > 0) await deps.clock.sleep(wait, signal);
  };

  const note = (stream: StreamName, error: unknown): void =>
    deps.observers.note({ kind: 'log', level: 'error', scope: 'effects', message: messageOf(error), facts: { stream } });

  const release = (lane: Lane): void => {
    lane.taken -= 1;
    pump(lane);
  };

  /** Records the start of a call; the call itself begins when the start is durable (`start`), and keeps the turn. */
  const begin = async (lane: Lane, { stream, correlationId }: Lane['waiting'][number]): Promise<void> => {
    try {
      await inTurn(lane);
      if (signal.aborted) return;
      lane.starting.add(stream);
      await deps.local({ id: deps.ids.next(), to: stream, type: 'StartEffect', data: {}, asOf: deps.clock.now(), correlationId });
    } catch (error) {
      note(stream, error);
    } finally {
      lane.known.delete(stream);
      // Not started: given up, parked, or somebody else's by now.
      if (lane.starting.delete(stream) || signal.aborted) release(lane);
    }
  };

  function pump(lane: Lane): void {
    while (lane.taken < (lane.effect?.concurrency ?? unknownTurns) && !signal.aborted) {
      const next = lane.waiting.shift();
      if (next === undefined) return;
      lane.taken += 1;
      void begin(lane, next);
    }
  }

  return {
    /** An effect whose next try, or whose end of waiting, is due. Asking again while it waits for its turn changes nothing. */
    due: (stream: StreamName, correlationId: string): void => {
      const lane = laneOf(stream);
      if (lane.known.has(stream)) return;
      lane.known.add(stream);
      lane.waiting.push({ stream, correlationId });
      pump(lane);
    },
    /** Makes the call of an effect that has just been started. */
    start: (next: Call): void => {
      const lane = laneOf(next.stream);
      const { effect } = lane;
      if (effect === undefined) return;
      // Started out of turn, by a command of somebody else.
      if (!lane.starting.delete(next.stream)) lane.taken += 1;
      call(effect, next)
        .then((outcome) => report(next, outcome))
        // The answer could not be stored: the timer gives the call up as unknown.
        .catch((error: unknown) => note(next.stream, error))
        .finally(() => release(lane));
    },
  };
};
