import type { EffectState } from '../contexts/engine/effect/events.ts';
import type { Command } from '../core/command.ts';
import type { Effect, EffectOutcome } from '../core/effect.ts';
import { messageOf } from '../core/errors.ts';
import type { StreamName } from '../core/event.ts';
import type { Registry } from '../core/registry.ts';
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
};

type Call = { readonly stream: StreamName; readonly state: EffectState; readonly correlationId: string };
type Lane = { readonly queue: Call[]; running: number; nextAt: number };

const messages = { confirmed: 'ConfirmEffect', failed: 'FailEffect', unknown: 'ReportUnknown' } as const;

/**
 * Makes the calls of effects whose start is durable, beside the partition's loop, with the effect's own concurrency and
 * rate; the outcome comes back as a command. A call that the process does not live to answer is found by the timer.
 */
export const createEffects = (deps: EffectDeps, signal: AbortSignal) => {
  const lanes = new Map<string, Lane>();

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
          ? { attempt, message: outcome.message, final: outcome.final === true }
          : { attempt, message: outcome.message };
    const command: Command = { id: deps.ids.next(), to: stream, type: messages[outcome.kind], data, asOf: deps.clock.now(), correlationId };
    await deps.commands.send(command);
    deps.observers.note({ kind: 'effect', effect: state.effect, outcome: outcome.kind });
  };

  const carryOut = async (effect: Effect, lane: Lane, next: Call): Promise<void> => {
    try {
      if (effect.rate !== undefined) {
        const wait = lane.nextAt - deps.clock.monotonic();
        lane.nextAt = Math.max(lane.nextAt, deps.clock.monotonic()) + 1_000 / effect.rate;
        if (wait > 0) await deps.clock.sleep(wait, signal);
      }
      await report(next, await call(effect, next));
    } catch (error) {
      // The answer could not be stored: the timer gives the call up as unknown.
      deps.observers.note({
        kind: 'log',
        level: 'error',
        scope: 'effects',
        message: messageOf(error),
        facts: { effect: effect.name, stream: next.stream },
      });
    }
  };

  const pump = (effect: Effect, lane: Lane): void => {
    while (lane.running < effect.concurrency && !signal.aborted) {
      const next = lane.queue.shift();
      if (next === undefined) return;
      lane.running += 1;
      void carryOut(effect, lane, next).finally(() => {
        lane.running -= 1;
        pump(effect, lane);
      });
    }
  };

  return {
    /** Makes the call of an effect that has just been started. */
    start: (next: Call): void => {
      const effect = deps.registry.effects.get(next.state.effect);
      if (effect === undefined) return;
      const lane = lanes.get(effect.name) ?? { queue: [], running: 0, nextAt: 0 };
      lanes.set(effect.name, lane);
      lane.queue.push(next);
      pump(effect, lane);
    },
  };
};
