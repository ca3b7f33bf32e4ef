// The fake payout provider, in a process of its own: it outlives every Carillon that is killed.
// It keeps a ledger of what it really did, and draws for each call how it behaves.
import { createServer, type ServerResponse } from 'node:http';
import { createPrng } from '../../sim/prng.ts';
import type { Entry } from '../provider-client.ts';

const [seed = '1'] = process.argv.slice(2);
const draw = createPrng(Number(seed), 'provider');
const ledger = new Map<string, { -readonly [name in keyof Entry]: Entry[name] }>();

/** Only this one does a repeated key once. */
const idempotent = '/pay/payout';

const apply = (path: string, key: string): void => {
  const entry = ledger.get(key)!;
  if (path !== idempotent || entry.applied === 0) entry.applied++;
};

const later = (ms: number, work: () => void): void => void setTimeout(work, ms);
const answer = (response: ServerResponse, status: number, text: string): void => {
  response.writeHead(status);
  response.end(text);
};

/** Mostly well and fast; now and then late, later than the caller waits, refused, done without a reply, or done and answered with an error. */
const behave = (path: string, key: string, response: ServerResponse): void => {
  const chance = draw.next();
  const done = (): void => {
    apply(path, key);
    answer(response, 200, `ref-${key}`);
  };
  if (chance < 0.88) return later(draw.int(1, 8), done);
  if (chance < 0.92) return later(draw.int(100, 600), done);
  if (chance < 0.93) return later(2_600, done);
  if (chance < 0.95) return answer(response, 503, 'busy');
  apply(path, key);
  if (chance < 0.98) response.destroy();
  else answer(response, 500, 'it was done, but this says it was not');
};

const server = createServer((request, response) => {
  request.resume();
  if (request.url === '/ledger') return answer(response, 200, JSON.stringify(Object.fromEntries(ledger)));
  const key = String(request.headers['idempotency-key']);
  const entry = ledger.get(key) ?? { calls: 0, applied: 0 };
  entry.calls++;
  ledger.set(key, entry);
  behave(request.url ?? '', key, response);
});

server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`listening http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}\n`);
});
