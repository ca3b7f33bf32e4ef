import type { EventSourceMessage } from 'eventsource-parser';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { CarillonError, isCarillonError } from '../core/errors.ts';
import type { Client } from './client.ts';
import { CliEnd, exits } from './exit.ts';

const firstWaitMs = 2_000;
const longestWaitMs = 30_000;
const mostTries = 120;

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });

/** A refusal is final; a connection that breaks, or a server that stops, is not. */
const isFinal = (error: unknown): boolean =>
  error instanceof CliEnd ? error.exit !== exits.unreachable : isCarillonError(error) && error.code !== 'service-unreachable';

/**
 * Server-sent events until `signal`. A connection that breaks is opened again after the wait that the server asked for,
 * from the last id that came, so nothing is lost and nothing comes twice. The first connection must succeed.
 */
export async function* follow(
  client: Client,
  path: string,
  signal: AbortSignal,
  told: (message: string) => void = () => undefined,
): AsyncGenerator<EventSourceMessage> {
  let [last, wait, tries, connected]: [string | undefined, number, number, boolean] = [undefined, firstWaitMs, 0, false];
  while (!signal.aborted) {
    try {
      const response = await client.open(
        path,
        { accept: 'text/event-stream', ...(last === undefined ? {} : { 'last-event-id': last }) },
        signal,
      );
      if (response?.body == null) throw new CliEnd(exits.usage, 'Only a running server has live events', 'carillon start');
      if (connected) told(`connected again${last === undefined && !/[?&]from=/.test(path) ? '; what came in between is not shown' : ''}`);
      [connected, tries] = [true, 0];
      const messages = new EventSourceParserStream({
        onRetry: (ms) => {
          wait = Math.min(ms, longestWaitMs);
        },
      });
      for await (const message of response.body.pipeThrough(new TextDecoderStream()).pipeThrough(messages)) {
        last = message.id ?? last;
        yield message;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!connected || isFinal(error)) throw error;
    }
    if (signal.aborted) return;
    if (++tries > mostTries) throw new CarillonError('service-unreachable', `${client.where} did not come back`);
    if (tries === 1) told(`the connection to ${client.where} ended; trying again`);
    await pause(wait, signal);
  }
}
