import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createConnection } from '../../../src/adapters/kurrent/connection.ts';

/** Takes one call, answers it with "unimplemented", and gives its headers. */
const oneCall = async () => {
  const { promise, resolve } = Promise.withResolvers<IncomingHttpHeaders>();
  const server = createServer();
  server.on('stream', (stream, headers) => {
    resolve(headers);
    stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '12' }, { endStream: true });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, headers: promise, stop: () => server.close() };
};

describe('the connection', () => {
  afterEach(() => {
    vi.doUnmock('@kurrent/kurrentdb-client');
    vi.resetModules();
  });

  it('offers the server no compression', async () => {
    const server = await oneCall();
    const connection = await createConnection(`kurrentdb://127.0.0.1:${server.port}?tls=false`);
    await connection.greet();
    expect((await server.headers)['grpc-accept-encoding']).toBe('identity');
    await connection.close();
    server.stop();
  });

  it('says what to install when the client is not there', async () => {
    vi.doMock('@kurrent/kurrentdb-client', () => {
      throw new Error("Cannot find package '@kurrent/kurrentdb-client'");
    });
    const fresh = await import('../../../src/adapters/kurrent/connection.ts');
    await expect(fresh.createConnection('kurrentdb://127.0.0.1:2113?tls=false')).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringContaining('npm install @kurrent/kurrentdb-client'),
    });
  });

  it('keeps the password out of what it says', async () => {
    const opened = createConnection('kurrentdb://ops:secret@127.0.0.1:2113?tls=maybe');
    await expect(opened).rejects.toMatchObject({ code: 'config-invalid', message: expect.not.stringContaining('secret') });
  });
});
