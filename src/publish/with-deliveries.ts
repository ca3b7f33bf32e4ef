import { deliveryFamily } from '../contexts/engine/webhook/delivery.ts';
import type { Effect } from '../core/effect.ts';

/** Effects by name, and one for the whole family of deliveries: each webhook has a name, and with it a lane, of its own. */
export const withDeliveries = (effects: ReadonlyMap<string, Effect>, delivery: Effect): ReadonlyMap<string, Effect> => {
  const known = new Map(effects);
  const family = new Map<string, Effect>();
  const get = known.get.bind(known);
  known.get = (name) => {
    const found = get(name) ?? family.get(name);
    if (found !== undefined || !name.startsWith(deliveryFamily)) return found;
    const member = { ...delivery, name };
    family.set(name, member);
    return member;
  };
  return known;
};
