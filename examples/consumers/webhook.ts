/**
 * A webhook: for others, who run no broker and keep no connection. Run it with
 *   WEBHOOK_SECRET=whsec_... PORT=8080 node examples/consumers/webhook.ts totals.db
 * behind something that does https, and name it with
 *   carillon webhooks create https://you.example/hooks --types giving.escrow.EscrowReleased
 */
import { createServer, type IncomingMessage } from 'node:http';
import { Webhook } from 'standardwebhooks';
import { openTotals } from './totals.ts';

const { WEBHOOK_SECRET: secret = '', PORT: port = '8080' } = process.env;
const totals = openTotals(process.argv[2] ?? 'totals.db');
const webhook = new Webhook(secret);
const maxBytes = 64 * 1024;

type CloudEvent = { readonly id: string; readonly type: string; readonly data?: { readonly recipient: string; readonly cents: string } };

/** The bytes as they came: the signature is over these, not over what a JSON parser makes of them. */
const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes > maxBytes) throw new Error('too long');
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
};

const server = createServer(async (request, response) => {
  let event: CloudEvent;
  try {
    // Throws for another secret, another body, and a message older than five minutes.
    event = webhook.verify(await bodyOf(request), request.headers as Record<string, string>) as CloudEvent;
  } catch (error) {
    console.error((error as Error).message);
    response.writeHead(400).end();
    return;
  }
  // Types that are not known, such as a ping, are taken and left alone.
  if (event.type === 'giving.escrow.EscrowReleased' && event.data) totals.take({ id: event.id, ...event.data });
  // Only now: an answer means that it is kept. Anything but 2xx, or a crash before, brings it again.
  response.writeHead(204).end();
});
server.listen(Number(port), '127.0.0.1', () => console.log(`listening on ${(server.address() as { port: number }).port}`));
