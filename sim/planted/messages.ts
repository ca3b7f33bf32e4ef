import type { Command } from '../../src/core/command.ts';
import { CarillonError } from '../../src/core/errors.ts';
import { type Broker, exchanges, type Handler } from '../../src/ports/broker.ts';
import type { Plant } from '../plant.ts';
import type { Ports } from '../process.ts';

const withBroker = (ports: Ports, broker: Partial<Broker>): Ports => ({ ...ports, broker: { ...ports.broker, ...broker } });

/** Each message goes through `around` before it comes to the handler. */
const withHandler = (ports: Ports, around: (queue: string, handler: Handler) => Handler): Ports =>
  withBroker(ports, {
    consume: (queue, options, handler) =>
      ports.broker.consume(queue, options, queue.startsWith('carillon.replies') ? handler : around(queue, handler)),
  });

const typeOf = (body: unknown): string => (body as { type?: string } | null)?.type ?? '';

/** Bugs in how messages are sent, taken and answered, and in clocks. */
export const messagePlants: readonly Plant[] = [
  {
    name: 'ack-first',
    about: 'a message is acknowledged before it was worked on, and nobody waits for its end',
    equivalent:
      'nothing that matters lives only in a message: who sent a command asks again under its id until it is answered, an open slot is told again, an unfinished order is sent again',
    ports: (ports) =>
      withHandler(ports, (_queue, handler) => async (message, attempt) => {
        void Promise.resolve(handler(message, attempt)).catch(() => undefined);
        return 'ack';
      }),
  },
  {
    name: 'slot-told-once',
    about: 'a tick is published once a slot, and never again',
    ports: (ports) => {
      const told = new Set<string>();
      return withBroker(ports, {
        publish: async (exchange, key, message, options) => {
          if (exchange === exchanges.ticks && told.has(message.id)) return;
          told.add(message.id);
          await ports.broker.publish(exchange, key, message, options);
        },
      });
    },
  },
  {
    name: 'lost-publish-is-fine',
    about: "a reactor's command that the broker did not take counts as answered",
    ports: (ports) =>
      withBroker(ports, {
        publish: async (exchange, key, message, options) => {
          const command = message.body as Command;
          const { replyTo, ref } = message.headers;
          try {
            await ports.broker.publish(exchange, key, message, options);
          } catch (error) {
            if (exchange !== exchanges.commands || command.hops === undefined || replyTo === undefined) throw error;
            const answer = { kind: 'ignored', stream: command.to, rule: 'lost' };
            await ports.broker.publish(exchanges.replies, replyTo, { ...message, type: 'answer', headers: {}, body: { ref, answer } });
          }
        },
      }),
  },
  {
    name: 'failed-is-answered',
    about: 'a command that failed for a moment is told to its sender as ignored',
    ports: (ports) =>
      withBroker(ports, {
        publish: (exchange, key, message, options) => {
          const body = message.body as { answer?: { kind: string; transient?: boolean; stream: string } };
          const failed = exchange === exchanges.replies && body.answer?.kind === 'failed' && body.answer.transient === true;
          const changed = failed
            ? { ...message, body: { ...body, answer: { kind: 'ignored', stream: body.answer!.stream, rule: 'lost' } } }
            : message;
          return ports.broker.publish(exchange, key, changed, options);
        },
      }),
  },
  {
    name: 'poison-blocks',
    about: 'a message that cannot be read is tried again for ever, before those behind it',
    ports: (ports, { life }) =>
      withHandler(ports, (_queue, handler) => async (message, attempt) => {
        if (message.headers.garbage === undefined) return handler(message, attempt);
        while (!life.dead()) await new Promise<void>(() => undefined);
        throw new CarillonError('internal', 'dead');
      }),
  },
  {
    name: 'orders-lost',
    about: 'an order is dropped when its process is busy with another of the same partition',
    ports: (ports) => {
      const busy = new Set<string>();
      return withHandler(ports, (queue, handler) => async (message, attempt) => {
        if (message.type !== 'order') return handler(message, attempt);
        if (busy.has(queue)) return 'ack';
        busy.add(queue);
        return handler(message, attempt);
      });
    },
  },
  {
    name: 'fast-clock',
    about: 'a clock is fast by an hour, and its owner trusts it',
    clock: (clock) => ({ ...clock, now: () => new Date(Date.parse(clock.now()) + 3_600_000).toISOString() as never }),
  },
  {
    name: 'pause-unheard',
    about: 'the pause of a schedule is acknowledged and forgotten',
    ports: (ports) =>
      withHandler(ports, (_queue, handler) => async (message, attempt) => {
        if (typeOf(message.body) !== 'PauseSchedule') return handler(message, attempt);
        const command = message.body as Command;
        const { replyTo, ref } = message.headers;
        const answer = { kind: 'accepted', stream: command.to, rule: 'paused', revision: 0, position: '', events: ['SchedulePaused'] };
        if (replyTo !== undefined)
          await ports.broker.publish(exchanges.replies, replyTo, { ...message, type: 'answer', headers: {}, body: { ref, answer } });
        return 'ack';
      }),
  },
];
