import type { Message } from '../src/ports/broker.ts';
import type { Fault } from './fault.ts';
import type { World } from './world.ts';

export type Item = { readonly message: Message; readonly order: number; readonly urgent: boolean; readonly attempt: number };

/** The messages of one queue, in order, urgent ones first; with what a broker may do to them. */
export type Mailbox = {
  put(message: Message, urgent: boolean): void;
  /** Back to its place, as another attempt. */
  again(item: Item): void;
  take(): Item | undefined;
  waiting(): number;
  blocked(): boolean;
  clear(): void;
};

/** Ticks and orders may come in any order; the commands of one sender to one actor come in theirs. */
const mayOvertake = (message: Message): boolean =>
  message.type !== 'command' || (message.body as { type?: string } | null)?.type === 'OpenSlot';

const before = (a: Item, b: Item): boolean => (a.urgent === b.urgent ? a.order < b.order : a.urgent);

/** Nothing that an engine sends: another program's message, or one cut in the middle. */
const garbage = (kind: number): Message => ({
  id: 'garbage',
  type: kind < 0.5 ? 'command' : 'nonsense',
  headers: { garbage: 'yes' },
  body: kind < 0.25 ? null : { type: 7 },
});

export const createMailbox = (name: string, world: World, fault: Fault, wake: () => void): Mailbox => {
  let items: Item[] = [];
  let order = 0;
  let blockedUntil = 0;
  const insert = (item: Item): void => {
    let index = items.length;
    while (index > 0 && before(item, items[index - 1]!)) index--;
    items.splice(index, 0, item);
  };
  const add = (message: Message, urgent: boolean): void => {
    insert({ message, order: order++, urgent, attempt: 1 });
    wake();
  };
  return {
    put: (message, urgent) => {
      if (fault.hit('duplicate', message.type)) world.after(fault.delayMs('duplicate'), () => add(message, urgent));
      if (!name.startsWith('carillon.replies') && fault.hit('poison', name)) add(garbage(fault.prng('garbage').next()), false);
      if (mayOvertake(message) && fault.hit('reorder', message.type)) {
        world.after(fault.delayMs('reorder'), () => add(message, urgent));
        return;
      }
      if (fault.hit('delay', name)) {
        // The whole queue is late: order within it stays.
        blockedUntil = Math.max(blockedUntil, world.nowMs() + fault.delayMs('delay'));
        world.at(blockedUntil, wake);
      }
      add(message, urgent);
    },
    again: (item) => insert({ ...item, attempt: item.attempt + 1 }),
    take: () => items.shift(),
    waiting: () => items.length,
    blocked: () => world.nowMs() < blockedUntil,
    clear: () => {
      items = [];
    },
  };
};
