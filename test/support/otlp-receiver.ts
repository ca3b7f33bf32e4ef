import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export type ReceivedSpan = { readonly name: string; readonly traceId: string; readonly spanId: string; readonly parentSpanId: string };

/** A collector on loopback that keeps the spans it is sent (OTLP over HTTP, JSON). */
export const startReceiver = async (): Promise<{ url: string; spans: ReceivedSpan[]; close(): void }> => {
  const spans: ReceivedSpan[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk;
    });
    request.on('end', () => {
      if (request.url === '/v1/traces') {
        const traces = JSON.parse(body) as { resourceSpans: { scopeSpans: { spans: ReceivedSpan[] }[] }[] };
        spans.push(...traces.resourceSpans.flatMap((each) => each.scopeSpans.flatMap((scope) => scope.spans)));
      }
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, spans, close: () => server.close() };
};
