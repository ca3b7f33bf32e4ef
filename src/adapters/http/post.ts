import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isLoopbackAddress } from './address-guard.ts';
import { type Address, checkedAddresses, type Resolve, systemResolve } from './resolve.ts';

export type PostOptions = {
  /** True: this machine may be called too, and by plain http; for development. */
  readonly loopback: boolean;
  /** The system's resolver when absent. */
  readonly resolve?: Resolve;
  /** Milliseconds for the whole call; 10,000 when absent. */
  readonly withinMs?: number;
};

export type PostRequest = {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
};

/** `refused`: it may not be called, and nothing was sent. `failed`: no whole answer came. */
export type PostResult =
  | { readonly kind: 'answered'; readonly status: number; readonly retryAfter: string | null; readonly ms: number }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'refused'; readonly message: string };

const defaultMs = 10_000;
const maxAnswerBytes = 64 * 1024;

const refused = (message: string): PostResult => ({ kind: 'refused', message });

/** Reads an answer to its end and throws it away. One that is too long is cut off: its status has been told. */
const drain = async (answer: IncomingMessage): Promise<void> => {
  let bytes = 0;
  for await (const chunk of answer) {
    bytes += (chunk as Buffer).length;
    if (bytes > maxAnswerBytes) return;
  }
};

/** Hands the dialler the addresses that were checked, whatever it asks for; the name stays for TLS and the Host header. */
const fixedLookup =
  (addresses: readonly Address[]): NonNullable<RequestOptions['lookup']> =>
  (_host, options, done) => {
    if (options.all) return done(null, [...addresses]);
    const { address, family } = addresses[0]!;
    done(null, address, family);
  };

const send = (url: URL, { headers, body }: PostRequest, addresses: readonly Address[], signal: AbortSignal) =>
  new Promise<IncomingMessage>((answered, failed) => {
    const options = {
      method: 'POST',
      agent: false,
      lookup: fixedLookup(addresses),
      signal,
      maxHeaderSize: 16 * 1024,
      headers: { 'user-agent': 'Carillon', ...headers, 'content-length': Buffer.byteLength(body) },
    };
    const request = url.protocol === 'https:' ? httpsRequest(url, options) : httpRequest(url, options);
    request.on('response', answered).on('error', failed).end(body);
  });

const messageOf = (error: unknown): string => {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === undefined || code === 'ABORT_ERR' ? message : `${code}: ${message}`;
};

/** Rejects when a signal aborts: a resolver cannot be told to stop. */
const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));

/**
 * Makes a function that posts to addresses that others chose. It calls nothing but https on the public internet, follows no
 * redirect, and takes bounded time and memory. It never throws.
 */
export const createPost = (options: PostOptions): ((request: PostRequest) => Promise<PostResult>) => {
  const { loopback, resolve = systemResolve, withinMs = defaultMs } = options;
  return async (request) => {
    const url = URL.parse(request.url);
    if (url === null || url.username !== '' || url.password !== '') return refused('not a URL without credentials');
    if (url.protocol !== 'https:' && !(loopback && url.protocol === 'http:')) return refused('only https is called');
    const started = performance.now();
    const late = AbortSignal.timeout(withinMs);
    try {
      const checked = await Promise.race([checkedAddresses(url.hostname, resolve, loopback), aborted(late)]);
      if ('refused' in checked) return refused(checked.refused);
      const plainOutside = url.protocol === 'http:' && !checked.addresses.every(({ address }) => isLoopbackAddress(address));
      if (plainOutside) return refused('plain http is only for this machine');
      const answer = await send(url, request, checked.addresses, AbortSignal.any([request.signal, late]));
      await drain(answer);
      const retryAfter = answer.headers['retry-after'] ?? null;
      return { kind: 'answered', status: answer.statusCode ?? 0, retryAfter, ms: Math.round(performance.now() - started) };
    } catch (error) {
      return { kind: 'failed', message: late.aborted ? `no answer within ${withinMs} ms` : messageOf(error) };
    }
  };
};
