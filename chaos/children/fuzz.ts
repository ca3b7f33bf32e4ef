// A Carillon that listens, with no slots of its own, and every operation of its OpenAPI document asked for with any input, one
// request at a time. Says "finding TEXT" and at the end "done REQUESTS REFUSED SLOWEST_MS".
import { request as send } from 'node:http';
import fc from 'fast-check';
import { createApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config.ts';
import { escrowFacts } from '../../test/support/escrow-facts.ts';
import { chaosContexts, partitions } from '../contexts.ts';
import { type FuzzedRequest, type Paths, requestsOf } from '../fuzz/requests.ts';

const [folder = '', runsText = '0', seedText = '1'] = process.argv.slice(2);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** Requests a minute are limited by token and by address: each of these has both of its own. */
const clients = 4;
/** A server that hangs is a finding. */
const answerWithinMs = 10_000;
/** What an answer must never show: stacks, files, the folder, which only the settings name to an admin. */
const settingsRoute = '/api/v1/config';
const leaks = [/\bat [^\n"]*\.[tj]s:\d/, /node_modules/, /node:internal/, new RegExp(folder)];

type Answer = { readonly status: number; readonly text: string };

const base = await loadConfig({ folder, port: 0, env: {} });
const contexts = chaosContexts(async () => ({ kind: 'confirmed' }));
const settings = Object.fromEntries(contexts.map(({ name, defaults }) => [name, defaults]));
const app = await createApp(
  { ...base, partitions, contexts, settings, jobs: {} },
  { ticker: false, facts: { name: 'facts', lines: escrowFacts(20, Date.now()) } },
);
const { port } = new URL(app.url ?? '');
const tokens = await Promise.all(
  Array.from({ length: clients }, async (_, index) => {
    const { body } = await app.inject('POST', '/api/v1/tokens', { name: `fuzz-${index}`, role: 'admin', reason: 'fuzz' });
    return (body as { token: string }).token;
  }),
);
await app.inject('POST', '/api/v1/commands', {
  id: 'x1',
  to: 'pay.order-x1',
  type: 'PlaceOrder',
  data: { buyer: 'b1', cents: 5, afterMs: 0, receipt: false },
});

const ask = ({ method, url, type, body }: FuzzedRequest, client: number): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${tokens[client]}`,
      ...(body === undefined ? {} : { 'content-type': type, 'content-length': Buffer.byteLength(body) }),
    };
    const request = send(
      { host: '127.0.0.1', port, localAddress: `127.0.0.${client + 2}`, method, path: url, headers, timeout: answerWithinMs },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      },
    );
    request.on('timeout', () => request.destroy(new Error(`no answer in ${answerWithinMs / 1_000} s`)));
    request.on('error', reject);
    request.end(body);
  });

/** What was written since, in the name of the one who asked: reactors may still be busy with what was accepted before. */
const writtenSince = async (before: string | null): Promise<string[]> => {
  const written: string[] = [];
  for await (const page of app.service.store.readAll({ after: before as never }))
    for (const { stream, type, metadata } of page.events) if (metadata.by?.startsWith('fuzz-')) written.push(`${stream} ${type}`);
  return written;
};

const { body: document } = await app.inject('GET', '/openapi.json');
let requests = 0;
let refused = 0;
let slowestMs = 0;
const check = async (wanted: FuzzedRequest): Promise<void> => {
  const before = await app.service.store.head();
  const began = performance.now();
  const shown = `${wanted.method} ${wanted.url.slice(0, 300)} ${wanted.type ?? ''} ${(wanted.body ?? '').slice(0, 300)}`;
  const client = requests++ % clients;
  const answer = await ask(wanted, client).catch((error: unknown) => ({ status: 0, text: String(error) }));
  slowestMs = Math.max(slowestMs, performance.now() - began);
  if (answer.status === 0 || answer.status >= 500) say(`finding ${shown} -> ${answer.status} ${answer.text.slice(0, 300)}`);
  if (!wanted.url.startsWith(settingsRoute) && leaks.some((leak) => leak.test(answer.text)))
    say(`finding ${shown} shows ${answer.text.slice(0, 600)}`);
  if (answer.status === 429) say(`finding ${shown} -> 429: the test asks too fast`);
  if (answer.status < 400) return;
  refused++;
  // A refusal by a rule is recorded, as it should be.
  if (answer.status === 422) return;
  const written = await writtenSince(before);
  if (written.length > 0) say(`finding ${shown} -> ${answer.status}, and wrote ${written.join(', ')}`);
};

for (const [path, methods] of Object.entries((document as { paths: Paths }).paths)) {
  for (const [method, operation] of Object.entries(methods)) {
    say(`operation ${method.toUpperCase()} ${path}`);
    const wanted = fc.sample(requestsOf(method.toUpperCase(), path, operation), { numRuns: Number(runsText), seed: Number(seedText) });
    for (const each of wanted) await check(each);
  }
}
if (({} as { extra?: unknown }).extra !== undefined) say('finding a body has changed Object.prototype');
await app.close();
say(`done ${requests} ${refused} ${Math.round(slowestMs)}`);
