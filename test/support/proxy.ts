import { createConnection, createServer, type Socket } from 'node:net';

export type Fault =
  /** Both sides are reset at once. */
  | { readonly kind: 'cut' }
  /** Reset after so many more bytes from the server: in the middle of a frame. */
  | { readonly kind: 'cut-after'; readonly bytes: number }
  /** Nothing is passed on any more, and nobody is told. */
  | { readonly kind: 'half-open' }
  /** Everything arrives this much later. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Everything arrives in pieces of this size. */
  | { readonly kind: 'slice'; readonly bytes: number };

export type NetworkProxy = {
  readonly port: number;
  /** Acts on the connections that are open now. Delay and slice last until `heal`, also for new ones. */
  fault(fault: Fault): void;
  /** New connections are refused, or taken again. */
  refuse(on: boolean): void;
  heal(): void;
  /** Connections open now. */
  readonly connections: number;
  close(): Promise<void>;
};

type Pair = { readonly sockets: readonly [Socket, Socket]; mute: boolean; bytesLeft: number };

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A TCP proxy on a port of its own that does what networks do. */
export const startProxy = async (target: number): Promise<NetworkProxy> => {
  const pairs = new Set<Pair>();
  let delayMs = 0;
  let sliceBytes = Number.POSITIVE_INFINITY;
  let refusing = false;

  const destroy = (pair: Pair): void => {
    pairs.delete(pair);
    for (const socket of pair.sockets) socket.resetAndDestroy();
  };
  /** One direction, chunk after chunk. */
  const pass = (pair: Pair, from: Socket, to: Socket, fromServer: boolean): void => {
    let last = Promise.resolve();
    const forward = async (chunk: Buffer): Promise<void> => {
      if (delayMs > 0) await pause(delayMs);
      for (let start = 0; start < chunk.length; ) {
        if (pair.mute || to.destroyed) return;
        const piece = chunk.subarray(start, start + Math.min(sliceBytes, chunk.length));
        start += piece.length;
        if (fromServer) pair.bytesLeft -= piece.length;
        if (pair.bytesLeft < 0) {
          to.write(piece.subarray(0, Math.max(0, piece.length + pair.bytesLeft)), () => destroy(pair));
          return;
        }
        await new Promise<void>((resolve) => (to.write(piece) ? resolve() : to.once('drain', resolve).once('close', resolve)));
        if (start < chunk.length) await new Promise<void>((resolve) => setImmediate(resolve));
      }
    };
    from.on('data', (chunk: Buffer) => {
      from.pause();
      last = last.then(() => forward(chunk)).then(() => void from.resume());
    });
    from.on('close', () => {
      if (pair.mute) return;
      void last.then(() => {
        to.end();
        if (from.errored) destroy(pair);
        pairs.delete(pair);
      });
    });
    from.on('error', () => undefined);
  };
  const server = createServer((client) => {
    if (refusing) {
      client.resetAndDestroy();
      return;
    }
    const upstream = createConnection({ port: target, host: '127.0.0.1', noDelay: true });
    client.setNoDelay(true);
    const pair: Pair = { sockets: [client, upstream], mute: false, bytesLeft: Number.POSITIVE_INFINITY };
    pairs.add(pair);
    pass(pair, client, upstream, false);
    pass(pair, upstream, client, true);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    port: (server.address() as { port: number }).port,
    fault(fault) {
      if (fault.kind === 'delay') delayMs = fault.ms;
      else if (fault.kind === 'slice') sliceBytes = fault.bytes;
      else
        for (const pair of [...pairs]) {
          if (fault.kind === 'cut') destroy(pair);
          else if (fault.kind === 'cut-after') pair.bytesLeft = fault.bytes;
          else pair.mute = true;
        }
    },
    refuse(on) {
      refusing = on;
    },
    heal() {
      delayMs = 0;
      sliceBytes = Number.POSITIVE_INFINITY;
    },
    get connections() {
      return pairs.size;
    },
    async close() {
      for (const pair of [...pairs]) destroy(pair);
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
