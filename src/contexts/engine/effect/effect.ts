import { nextAttemptAt } from '../../../core/backoff.ts';
import type { Wish } from '../../../core/command.ts';
import { accept, type Decider, defineDecider, ignore, reject } from '../../../core/decider.ts';
import type { Effect } from '../../../core/effect.ts';
import { type Instant, plus } from '../../../core/instant.ts';
import type { Json } from '../../../core/json.ts';
import type { EffectEvent, EffectState } from './events.ts';

export type EffectCommand =
  | Wish<'RequestEffect', { effect: string; key: string; data: Json }>
  | Wish<'StartEffect', Record<string, never>>
  | Wish<'ConfirmEffect', { attempt: number; reference: string | null }>
  | Wish<'FailEffect', { attempt: number; message: string; final: boolean; retryAt?: Instant }>
  | Wish<'ReportUnknown', { attempt: number; message: string }>
  | Wish<'ReplayEffect', Record<string, never>>
  | Wish<'DiscardEffect', Record<string, never>>;

/** Time beyond the call's own timeout after which a started call without an answer counts as unknown. */
const answerSlackMs = 10_000;

const initial: EffectState = { status: 'none', effect: '', key: '', data: null, attempt: 0, nextAt: null, message: null };

const failed = (
  state: EffectState,
  definition: Effect | undefined,
  { message, final, retryAt }: { message: string; final: boolean; retryAt?: Instant },
  asOf: Instant,
) => {
  const { attempt } = state;
  const again = definition !== undefined && !final && attempt < definition.attempts;
  return again
    ? accept('call-failed', [
        {
          type: 'EffectFailed' as const,
          data: { attempt, message, nextAt: retryAt ?? nextAttemptAt(definition.backoff, attempt, asOf) },
        },
      ])
    : accept(final ? 'refused-for-good' : 'attempts-exhausted', [
        { type: 'EffectParked' as const, data: { effect: state.effect, key: state.key, attempt, message } },
      ]);
};

/** What imported facts lead to happened elsewhere, perhaps with its effects: a person says whether they go out (design section 5). */
const request = ({ data, asOf, imported }: Extract<EffectCommand, { type: 'RequestEffect' }>, definition: Effect | undefined) => {
  const requested = { type: 'EffectRequested' as const, data: { ...data, at: asOf } };
  if (imported === undefined || definition?.logOnly) return accept('requested', [requested]);
  const message = 'an effect of imported facts: replay it to let it go out, discard it when it already has';
  const { effect, key } = data;
  return accept('held-imported', [
    requested,
    { type: 'EffectParked' as const, data: { effect, key, attempt: 0, message, heldBy: imported } },
  ]);
};

/** An unknown outcome is sent again only when the provider does a repeated key once (reliability a.2, design section 7). */
const unknown = (state: EffectState, definition: Effect | undefined, message: string, asOf: Instant) => {
  const { attempt } = state;
  const again = definition?.idempotent === true && attempt < definition.attempts;
  return again
    ? accept('outcome-unknown-idempotent', [
        { type: 'EffectUnknown' as const, data: { attempt, message, nextAt: nextAttemptAt(definition.backoff, attempt, asOf) } },
      ])
    : accept('outcome-unknown', [
        { type: 'EffectParked' as const, data: { effect: state.effect, key: state.key, attempt, message: `outcome unknown: ${message}` } },
      ]);
};

/** One call to the outside, once per key: requested, started in the log before it is made, then its outcome (design section 7). */
export const effectDecider = (effects: ReadonlyMap<string, Effect>): Decider<EffectState, EffectCommand, EffectEvent> =>
  defineDecider<EffectState, EffectCommand, EffectEvent>({
    category: 'engine.effect',
    initial,
    events: [
      'EffectRequested',
      'EffectStarted',
      'EffectConfirmed',
      'EffectFailed',
      'EffectUnknown',
      'EffectParked',
      'EffectReplayed',
      'EffectDiscarded',
    ],
    decide: (command, state) => {
      const definition = effects.get(state.effect);
      switch (command.type) {
        case 'RequestEffect':
          return state.status === 'none'
            ? request(command, effects.get(command.data.effect))
            : ignore('already-requested', { status: state.status });
        case 'StartEffect': {
          if (state.status === 'started' && state.nextAt !== null && state.nextAt <= command.asOf)
            return unknown(state, definition, 'the process ended before the answer came', command.asOf);
          if (state.status !== 'requested' || (state.nextAt !== null && state.nextAt > command.asOf))
            return ignore('not-due', { status: state.status });
          const attempt = state.attempt + 1;
          if (definition === undefined)
            return accept('effect-unknown', [
              {
                type: 'EffectParked',
                data: {
                  effect: state.effect,
                  key: state.key,
                  attempt: state.attempt,
                  message: `no effect is named "${state.effect}" in this build`,
                },
              },
            ]);
          return accept('started', [
            { type: 'EffectStarted', data: { attempt, giveUpAt: plus(command.asOf, definition.timeoutSeconds * 1000 + answerSlackMs) } },
          ]);
        }
        case 'ReplayEffect':
          if (state.status !== 'parked') return reject('not-parked', { status: state.status });
          return command.reason ? accept('replayed', [{ type: 'EffectReplayed', data: { at: command.asOf } }]) : reject('reason-missing');
        case 'DiscardEffect':
          if (state.status !== 'parked') return reject('not-parked', { status: state.status });
          return command.reason ? accept('discarded', [{ type: 'EffectDiscarded', data: {} }]) : reject('reason-missing');
      }
      if (state.status !== 'started' || command.data.attempt !== state.attempt) {
        // An answer that comes after the call was given up as unknown still settles the matter when it says "done".
        const late = command.type === 'ConfirmEffect' && state.status === 'parked' && command.data.attempt === state.attempt;
        if (!late) return ignore('not-started', { status: state.status, attempt: state.attempt });
      }
      if (command.type === 'ConfirmEffect')
        return accept('confirmed', [{ type: 'EffectConfirmed', data: { effect: state.effect, key: state.key, ...command.data } }]);
      if (command.type === 'FailEffect') return failed(state, definition, command.data, command.asOf);
      return unknown(state, definition, command.data.message, command.asOf);
    },
    evolve: (state, event) => {
      switch (event.type) {
        case 'EffectRequested':
          return {
            ...state,
            status: 'requested',
            effect: event.data.effect,
            key: event.data.key,
            data: event.data.data,
            nextAt: event.data.at,
          };
        case 'EffectStarted':
          return { ...state, status: 'started', attempt: event.data.attempt, nextAt: event.data.giveUpAt };
        case 'EffectConfirmed':
          return { ...state, status: 'confirmed', nextAt: null, message: null };
        case 'EffectFailed':
        case 'EffectUnknown':
          return { ...state, status: 'requested', message: event.data.message, nextAt: event.data.nextAt };
        case 'EffectParked':
          return { ...state, status: 'parked', message: event.data.message, nextAt: null };
        case 'EffectReplayed':
          return { ...state, status: 'requested', attempt: 0, nextAt: event.data.at };
        case 'EffectDiscarded':
          return { ...state, status: 'discarded' };
      }
    },
  });

/** The next try of a call, or the end of waiting for a started one. */
export const startEffect = {
  name: 'engine/start-effect',
  dueAt: (state: EffectState) => state.nextAt,
  command: (_id: string, asOf: Instant): EffectCommand => ({ type: 'StartEffect', data: {}, asOf }),
};
