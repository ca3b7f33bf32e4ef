import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

type Value = {
  readonly stringValue?: string;
  readonly intValue?: number;
  readonly doubleValue?: number;
  readonly boolValue?: boolean;
  readonly arrayValue?: { readonly values: readonly Value[] };
};
type Pairs = readonly { readonly key: string; readonly value: Value }[];

export type ReceivedSpan = {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: Pairs;
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly status: { readonly code?: number; readonly message?: string };
};
type Batch = {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: Pairs };
    readonly scopeSpans: readonly { readonly spans: ReceivedSpan[] }[];
  }[];
};
export type Receiver = {
  readonly url: string;
  readonly spans: ReceivedSpan[];
  /** Attributes of the newest batch's resource. */
  resource: Readonly<Record<string, unknown>>;
  /** Path and headers of each request. */
  readonly requests: { readonly path: string; readonly headers: Readonly<Record<string, unknown>>; readonly body: string }[];
  close(): void;
};

const plain = (value: Value): unknown => (value.arrayValue === undefined ? Object.values(value)[0] : value.arrayValue.values.map(plain));

/** A span's or resource's attributes as a plain record. */
export const attributesOf = (pairs: Pairs): Readonly<Record<string, unknown>> =>
  Object.fromEntries(pairs.map(({ key, value }) => [key, plain(value)]));

/** A collector on loopback that keeps the spans it is sent (OTLP over HTTP, JSON). */
export const startReceiver = async (): Promise<Receiver> => {
  const received: Omit<Receiver, 'url' | 'close'> = { spans: [], resource: {}, requests: [] };
  const take = (path: string, body: string): void => {
    if (path !== '/v1/traces') return;
    for (const { resource, scopeSpans } of (JSON.parse(body) as Batch).resourceSpans) {
      received.resource = attributesOf(resource.attributes);
      received.spans.push(...scopeSpans.flatMap(({ spans }) => spans));
    }
  };
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      received.requests.push({ path: request.url ?? '', headers: request.headers, body });
      take(request.url ?? '', body);
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(received, { url, close: () => void server.close() });
};
