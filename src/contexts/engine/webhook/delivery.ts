import type { Json } from '../../../core/json.ts';

/** A delivery is an effect of this family: one lane of calls for each webhook, so a slow one holds up no other. */
export const deliveryFamily = 'engine/webhook/';
export const deliveryEffect = (webhook: string): string => `${deliveryFamily}${webhook}`;

const streamPrefix = `engine.effect-${deliveryFamily}`;

/** The webhook and the id of a delivery's stream; null for other streams. */
export const deliveryOf = (stream: string): { readonly webhook: string; readonly id: string } | null => {
  if (!stream.startsWith(streamPrefix)) return null;
  const [webhook = '', id = ''] = stream.slice(streamPrefix.length).split('/');
  return { webhook, id };
};

export const deliveryStream = (webhook: string, id: string): `${string}-${string}` => `${streamPrefix}${webhook}/${id}`;

/** What a delivery's request says: where the event lies, never what is in it, so that an erasure reaches it. */
export type DeliveryWish = {
  readonly webhook: string;
  readonly event: string;
  readonly type: string;
  /** Null for a ping. */
  readonly at: { readonly stream: string; readonly revision: number } | null;
  /** The whole message of an erasure, which has no data: there is nothing left to read. */
  readonly envelope: Json;
  /** Set when a person asked for it to be sent once more. */
  readonly again: boolean;
};

export const toJson = (wish: DeliveryWish): Json => ({ ...wish });
