import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates, type TLSSocket } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createPost } from '../../src/adapters/http/post.ts';
import { tempFolder } from '../support/app.ts';

const hasOpenssl = (() => {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    console.warn('SKIPPED: there is no openssl, so posting over TLS was not tested');
    return false;
  }
})();

/** An https server on this machine whose certificate is for hooks.example. */
const startTls = async () => {
  const folder = tempFolder();
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const name = ['-subj', '/CN=hooks.example', '-addext', 'subjectAltName=DNS:hooks.example'];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', cert, ...name], {
    stdio: 'ignore',
  });
  const asked: string[] = [];
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => {
    asked.push(String((request.socket as TLSSocket).servername));
    request.resume().on('end', () => response.end());
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, cert: readFileSync(cert, 'utf8'), asked };
};

const resolve = async () => [{ address: '127.0.0.1', family: 4 }];
const send = (url: string) =>
  createPost({ loopback: true, resolve })({ url, headers: {}, body: '{}', signal: new AbortController().signal });

describe.skipIf(!hasOpenssl)('posting over TLS', () => {
  it('dials the checked address, and asks for the name and its certificate all the same', async () => {
    const { port, cert, asked } = await startTls();
    expect(await send(`https://hooks.example:${port}/`)).toMatchObject({ kind: 'failed', message: expect.stringContaining('self-signed') });
    const before = getCACertificates('default');
    onTestFinished(() => setDefaultCACertificates(before));
    setDefaultCACertificates([...before, cert]);
    expect(await send(`https://hooks.example:${port}/`)).toMatchObject({ kind: 'answered', status: 200 });
    expect(asked).toEqual(['hooks.example']);
    expect(await send(`https://other.example:${port}/`)).toMatchObject({
      kind: 'failed',
      message: expect.stringContaining('ERR_TLS_CERT_ALTNAME_INVALID'),
    });
    expect(asked).toEqual(['hooks.example']);
  });
});
