import fastifySse, { type SSEPluginOptions } from '@fastify/sse';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { CarillonError, messageOf } from '../../core/errors.ts';
import type { RecordedEvent } from '../../core/event.ts';
import type { LogRange } from '../../ports/event-store.ts';
import type { App } from '../app.ts';
import type { EventFilter } from '../event-filter.ts';
import type { Limits } from '../limits.ts';
import type { Service } from '../service.ts';
import type { Tokens } from '../tokens.ts';
import { bearerOf } from './auth.ts';

export type Live = (
  request: FastifyRequest,
  reply: FastifyReply,
  range: LogRange,
  filter: EventFilter,
  view: (event: RecordedEvent) => object,
) => Promise<void>;

const retryMs = 2_000;
const tokenCheckMs = 5_000;
const nothing = (): void => {};

/**
 * Server-sent events: the log as it grows. A client that leaves its socket full is dropped, not buffered; a revoked
 * token ends its connections; closing the server ends them all at once.
 */
export const createLive = async (app: App, service: Service, tokens: Tokens, limits: Limits): Promise<Live> => {
  // The type of the default export does not fit `register` under nodenext.
  await app.register(fastifySse as unknown as FastifyPluginAsync<SSEPluginOptions>, { heartbeatInterval: limits.heartbeat });
  const open = new Set<AbortController>();
  app.addHook('preClose', async () => {
    for (const connection of open) connection.abort();
  });

  /** True when the client took it in time. */
  const push = async (reply: FastifyReply, id: string, data: object, signal: AbortSignal): Promise<boolean> => {
    reply.sse.send({ id, data }).catch(nothing);
    if (!reply.raw.writableNeedDrain) return true;
    const waiting = new AbortController();
    const drained = new Promise<void>((resolve) => void reply.raw.once('drain', resolve));
    await Promise.race([drained, service.clock.sleep(limits.slowClient, AbortSignal.any([signal, waiting.signal]))]);
    waiting.abort();
    return !reply.raw.writableNeedDrain;
  };

  const watchToken = async (request: FastifyRequest, connection: AbortController): Promise<void> => {
    while (!connection.signal.aborted) {
      await service.clock.sleep(tokenCheckMs, connection.signal);
      const verified = connection.signal.aborted ? null : await tokens.verify(bearerOf(request) ?? '').catch(() => null);
      if (verified?.ok !== true) connection.abort();
    }
  };

  const copy = async (
    reply: FastifyReply,
    range: LogRange,
    filter: EventFilter,
    view: Parameters<Live>[4],
    connection: AbortController,
  ): Promise<void> => {
    for await (const page of service.store.subscribe({ ...range, ...filter.range }, connection.signal)) {
      for (const event of page.events) {
        if (connection.signal.aborted) return;
        if (filter.keep(event) && !(await push(reply, event.position, view(event), connection.signal))) return;
      }
    }
  };

  return async (request, reply, range, filter, view) => {
    if (open.size >= limits.live) throw new CarillonError('too-many-requests', `More than ${limits.live} live connections`);
    const connection = new AbortController();
    open.add(connection);
    void reply.hijack();
    reply.sse.onClose(() => connection.abort());
    reply.sse.sendHeaders(200);
    reply.raw.write(`retry: ${retryMs}\n\n`);
    void watchToken(request, connection);
    try {
      await copy(reply, range, filter, view, connection);
    } catch (error) {
      service.observers.note({ kind: 'log', level: 'warn', scope: 'api', message: `live connection ended: ${messageOf(error)}` });
    } finally {
      open.delete(connection);
      connection.abort();
      if (reply.raw.writableNeedDrain) reply.raw.destroy();
      reply.sse.close();
    }
  };
};
