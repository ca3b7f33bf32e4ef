import type { ConsumeMessage, Options } from 'amqplib';
import { CarillonError } from '../../core/errors.ts';
import { exchanges, type Message } from '../../ports/broker.ts';

/** Larger bodies are not published, and parked unread when they come in. Commands have at most 64 KiB, events 256 KiB. */
export const maxBodyBytes = 1024 * 1024;
/** Deeper JSON is parked. */
const maxDepth = 32;
/** Messages of at least this priority are urgent. RabbitMQ 4 orders its quorum queues by the same border. */
const urgentFrom = 5;
/** Of what cannot be read, this much is shown to those who read what was parked. */
const previewBytes = 16 * 1024;
const unreadable = 'unreadable';

export type Read = { readonly message: Message } | { readonly problem: string };

/** Throws `payload-too-large`. */
export const contentOf = (message: Message): Buffer => {
  const content = Buffer.from(JSON.stringify(message.body) ?? 'null');
  if (content.length > maxBodyBytes)
    throw new CarillonError('payload-too-large', `Message ${message.id} has ${content.length} bytes, over the limit of ${maxBodyBytes}`);
  return content;
};

export const optionsOf = (message: Omit<Message, 'body'>, urgent: boolean): Options.Publish => ({
  messageId: message.id,
  type: message.type,
  headers: message.headers,
  contentType: 'application/json',
  persistent: true,
  mandatory: true,
  priority: urgent ? urgentFrom : 0,
});

export const isUrgent = (amqp: ConsumeMessage): boolean => Number(amqp.properties.priority ?? 0) >= urgentFrom;

/** How often the broker handed it out before and got it back. */
export const returnsOf = (amqp: ConsumeMessage): number => {
  const count = Number(amqp.properties.headers?.['x-delivery-count'] ?? 0);
  return Number.isSafeInteger(count) && count > 0 ? count : 0;
};

/** Headers that are text: ours. The broker's own (deaths, delivery counts) are numbers and tables. */
export const headersOf = (amqp: ConsumeMessage): Record<string, string> =>
  Object.fromEntries(
    Object.entries(amqp.properties.headers ?? {}).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );

/** Why a queue gave a message up itself, in our own headers' words. */
const deathOf = (amqp: ConsumeMessage): Record<string, string> => {
  const death = amqp.properties.headers?.['x-death']?.[0];
  return death ? { reason: `given up by the broker: ${death.reason}`, queue: String(death.queue) } : {};
};

const poisoned = (value: object): boolean => {
  if (Object.hasOwn(value, '__proto__')) return true;
  const inner = Object.hasOwn(value, 'constructor') ? (value as { constructor: unknown }).constructor : null;
  return typeof inner === 'object' && inner !== null && Object.hasOwn(inner, 'prototype');
};

/** Walks level by level, so that no nesting can exhaust the stack. */
const problemOf = (value: unknown): string | null => {
  let level: readonly unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    const next: unknown[] = [];
    for (const item of level) {
      if (typeof item !== 'object' || item === null) continue;
      if (depth >= maxDepth) return `body is nested deeper than ${maxDepth} levels`;
      if (poisoned(item)) return 'body names "__proto__" or "constructor.prototype"';
      for (const inner of Object.values(item)) next.push(inner);
    }
    level = next;
  }
  return null;
};

const filled = (value: unknown): value is string => typeof value === 'string' && value !== '';

const utf8 = new TextDecoder('utf-8', { fatal: true });

const bodyOf = (content: Buffer): { readonly body: unknown } | { readonly problem: string } => {
  if (content.length > maxBodyBytes) return { problem: `has ${content.length} bytes, over the limit of ${maxBodyBytes}` };
  let body: unknown;
  try {
    body = JSON.parse(utf8.decode(content));
  } catch {
    return { problem: 'body is not JSON in UTF-8' };
  }
  const problem = problemOf(body);
  return problem === null ? { body } : { problem };
};

/** Reads a delivery. Whatever is wrong with it comes back as a problem: anybody may have put it there. */
export const read = (amqp: ConsumeMessage): Read => {
  const { messageId: id, type } = amqp.properties;
  const headers = { ...deathOf(amqp), ...headersOf(amqp) };
  const found = filled(id) ? (filled(type) ? bodyOf(amqp.content) : { problem: 'has no type' }) : { problem: 'has no message id' };
  if ('body' in found) return { message: { id, type, headers, body: found.body } };
  // It is aside already, and whoever looks at what was parked has to see it.
  if (amqp.fields.exchange === exchanges.parked) {
    const body = { unreadable: amqp.content.subarray(0, previewBytes).toString('base64'), bytes: amqp.content.length };
    return { message: { id: filled(id) ? id : unreadable, type: filled(type) ? type : unreadable, headers, body } };
  }
  return found;
};
