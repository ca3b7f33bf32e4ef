/**
 * Server-sent events: for browsers and scripts. Run it with
 *   CARILLON_URL=http://127.0.0.1:7070 CARILLON_TOKEN=crl_... node examples/consumers/sse.ts totals.db
 */
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { openTotals } from './totals.ts';

const { CARILLON_URL: url = 'http://127.0.0.1:7070', CARILLON_TOKEN: token = '' } = process.env;
const totals = openTotals(process.argv[2] ?? 'totals.db');
const retryMs = 1_000;

type Event = { readonly id: string; readonly data: { readonly recipient: string; readonly cents: string } };

const read = async (): Promise<void> => {
  const response = await fetch(`${url}/api/v1/events?types=giving.escrow.EscrowReleased`, {
    headers: {
      accept: 'text/event-stream',
      authorization: `Bearer ${token}`,
      // The place is ours, not the server's: 0 is the beginning of the log.
      'last-event-id': totals.place() ?? '0',
    },
  });
  if (!response.ok || response.body === null) throw new Error(`HTTP ${response.status}`);
  console.log('listening');
  const messages = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  for await (const { id: position, data } of messages) {
    const event = JSON.parse(data) as Event;
    totals.take({ id: event.id, ...event.data }, position);
  }
};

for (;;) {
  // The end of the connection is no error: a server restarts, a proxy closes what is long open.
  await read().catch((error: Error) => console.error(error.message));
  await new Promise((resolve) => setTimeout(resolve, retryMs));
}
