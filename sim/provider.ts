import type { EffectCall, EffectOutcome } from '../src/core/effect.ts';
import { effectStream } from '../src/core/ids.ts';
import type { Fault } from './fault.ts';
import type { Life } from './life.ts';
import type { World } from './world.ts';

/** The world outside: a ledger of what was really done, by business key. It may be slow, refuse, fail, or do it and lose the reply. */
export const createProvider = (world: World, fault: Fault, problem: (invariant: string, text: string) => void) => {
  const done = new Map<string, number>();
  const sentKeys = new Set<string>();
  /** Streams of effects whose start is in the log, told by the observed store. */
  const started = new Set<string>();

  const apply = (effect: string, business: string, sent: string, idempotent: boolean): void => {
    if (idempotent && sentKeys.has(`${effect} ${sent}`)) return fault.count('providerRepeat');
    sentKeys.add(`${effect} ${sent}`);
    const name = `${effect} ${business}`;
    const count = (done.get(name) ?? 0) + 1;
    done.set(name, count);
    if (count > 1) problem('I3', `the provider did ${name} ${count} times`);
  };

  const call = async (
    caller: Life,
    effect: string,
    idempotent: boolean,
    { key, attempt }: Pick<EffectCall, 'key' | 'attempt'>,
    sent = key,
  ): Promise<EffectOutcome> => {
    const draw = fault.prng('provider');
    if (!started.has(effectStream(effect, key))) problem('I4', `${effect} ${key} was called before its start was in the log`);
    if (fault.hit('providerRefuses', effect)) return { kind: 'failed', message: 'refused', final: true };
    if (fault.hit('providerFailure', effect)) return { kind: 'failed', message: `busy at try ${attempt}` };
    const slow = fault.hit('providerSlow', effect);
    const ms = slow ? draw.int(5_000, 60_000) : draw.int(5, 80);
    await world.sleep(ms);
    apply(effect, key, sent, idempotent);
    if (fault.hit('providerLostReply', effect)) {
      await caller.gate();
      throw new Error('the line was cut after the request');
    }
    await caller.gate();
    return { kind: 'confirmed', reference: `ref-${done.size}` };
  };
  return { call, apply, done, started };
};
export type Provider = ReturnType<typeof createProvider>;
