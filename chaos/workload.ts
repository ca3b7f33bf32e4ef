import type { Prng } from '../sim/prng.ts';
import type { Json, JsonObject } from '../src/index.ts';

/** One thing that a client asks for. It is told of an id when it is done, and asks again for what it was not told of. */
export type Step =
  | { readonly id: string; readonly kind: 'command'; readonly to: string; readonly type: string; readonly data: Json }
  | { readonly id: string; readonly kind: 'erase'; readonly stream: string }
  | { readonly id: string; readonly kind: 'vault-put'; readonly subject: string; readonly fields: JsonObject }
  | { readonly id: string; readonly kind: 'vault-scrub'; readonly subject: string; readonly fields: readonly string[] }
  | { readonly id: string; readonly kind: 'vault-erase'; readonly subject: string }
  | { readonly id: string; readonly kind: 'rebuild' | 'verify'; readonly projection: string };

export type Command = Extract<Step, { kind: 'command' }>;

const buyers = 7;

/** An order that is due soon; every third one asks for a receipt. */
export const orderStep = (draw: Prng, name: string): Command => ({
  id: `place-${name}`,
  kind: 'command',
  to: `pay.order-${name}`,
  type: 'PlaceOrder',
  data: { buyer: `b${draw.int(1, buyers)}`, cents: draw.int(100, 9_999), afterMs: draw.int(0, 900), receipt: draw.chance(1 / 3) },
});

/** Its stream is erased before it is due. */
export const erasedStream = 'pay.order-gone';

/** A small life of a folder that touches every port: orders, personal data, an erasure, a rebuild. */
export const smallLife = (draw: Prng, orders: number): readonly Step[] => [
  ...Array.from({ length: orders }, (_, index) => orderStep(draw, `o${index}`)),
  {
    id: 'place-gone',
    kind: 'command',
    to: erasedStream,
    type: 'PlaceOrder',
    data: { buyer: 'b1', cents: 5, afterMs: 3_600_000, receipt: false },
  },
  { id: 'put-1', kind: 'vault-put', subject: 's1', fields: { name: 'one', street: 'first' } },
  { id: 'put-2', kind: 'vault-put', subject: 's2', fields: { name: 'two', street: 'second' } },
  { id: 'scrub-1', kind: 'vault-scrub', subject: 's1', fields: ['street'] },
  { id: 'erase-2', kind: 'vault-erase', subject: 's2' },
  { id: 'erase-gone', kind: 'erase', stream: erasedStream },
  { id: 'rebuild', kind: 'rebuild', projection: 'parked' },
  { id: 'verify', kind: 'verify', projection: 'runs' },
];
