import type { Channel, ConsumeMessage } from 'amqplib';

/** A message in the hands of this process. */
export type Delivery = {
  readonly channel: Channel;
  readonly amqp: ConsumeMessage;
  /** Names the sending; null when somebody else's client left it out. */
  readonly ref: string | null;
  readonly attempt: number;
  readonly urgent: boolean;
};

/** Deliveries of one channel that wait for their handler: urgent ones first, each kind in the broker's order. */
export type Window = {
  readonly size: number;
  /** Fresh or given back: it goes to the place that its delivery tag says. */
  put(delivery: Delivery): void;
  take(): Delivery | undefined;
  clear(): void;
};

const tagOf = (delivery: Delivery): number => delivery.amqp.fields.deliveryTag;

const insert = (lane: Delivery[], delivery: Delivery): void => {
  const last = lane.at(-1);
  if (last === undefined || tagOf(last) < tagOf(delivery)) lane.push(delivery);
  else lane.splice(lane.findLastIndex((other) => tagOf(other) < tagOf(delivery)) + 1, 0, delivery);
};

export const createWindow = (): Window => {
  const urgent: Delivery[] = [];
  const normal: Delivery[] = [];
  return {
    get size() {
      return urgent.length + normal.length;
    },
    put: (delivery) => insert(delivery.urgent ? urgent : normal, delivery),
    take: () => urgent.shift() ?? normal.shift(),
    clear() {
      urgent.length = 0;
      normal.length = 0;
    },
  };
};
