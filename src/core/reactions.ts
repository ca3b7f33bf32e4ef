import type { Command } from './command.ts';
import type { RecordedEvent } from './event.ts';
import { derivedId, effectStream } from './ids.ts';
import { isEffectWish, type Reactor } from './reactor.ts';

/** Longest chain of reactors from one event; a longer one is parked (design section 7). */
export const maxHops = 16;

/** The commands that one event leads to; their ids are computed from the event's, so a repeat is the same commands. */
export const reactionsTo = (reactor: Reactor, event: RecordedEvent): readonly Command[] =>
  reactor.react(event).map((item, index) => {
    const { asOf, correlationId, traceparent, hops, imported } = event.metadata;
    const origin = {
      asOf,
      correlationId,
      hops: Number(hops ?? 0) + 1,
      ...(traceparent === undefined ? {} : { traceparent }),
      ...(imported === undefined ? {} : { imported }),
    };
    if (isEffectWish(item)) {
      const { effect, key, data } = item;
      return {
        ...origin,
        id: derivedId(event.id, reactor.name, `${effect} ${key}`),
        to: effectStream(effect, key),
        type: 'RequestEffect',
        data: { effect, key, data },
      };
    }
    const { to, type, data, reason, key = String(index) } = item;
    return { ...origin, id: derivedId(event.id, reactor.name, key), to, type, data, ...(reason === undefined ? {} : { reason }) };
  });
