import { readFileSync } from 'node:fs';
import { type ClientRequest, request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { messageOf } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Address } from './address.ts';
import type { Say } from './say.ts';

/** Erasures within it share one scavenge: each closes the server's open chunk, which takes 256 MiB of its log's offsets. */
const restMs = 60 * 60_000;
const timeoutMs = 30_000;
const operators = 'its user must be in $ops or $admins, and its HTTP pages must be on';

const ask = ({ secure, login, options }: Address, host: string): ClientRequest => {
  const file = (name: string): Buffer | undefined => {
    const path = options.get(name);
    return path === undefined ? undefined : readFileSync(path);
  };
  const url = new URL(`${secure ? 'https' : 'http'}://${host.includes(':') ? host : `${host}:2113`}/admin/scavenge`);
  const common = { method: 'POST', auth: login && `${login.user}:${login.password}`, timeout: timeoutMs };
  if (!secure) return plainRequest(url, common);
  const rejectUnauthorized = options.get('tlsverifycert') !== 'false';
  return tlsRequest(url, {
    ...common,
    rejectUnauthorized,
    ca: file('tlscafile'),
    cert: file('usercertfile'),
    key: file('userkeyfile'),
  });
};

/** The client has no call for it, and its HTTP helper ends the process at an answer that is not JSON, as this one is. */
const begin = (address: Address, host: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const call = ask(address, host);
    call.on('error', reject);
    call.on('timeout', () => call.destroy(new Error('no answer in time')));
    call.on('response', (answer) => {
      answer.resume();
      const code = answer.statusCode ?? 0;
      if (code < 300) resolve();
      else reject(new Error(`HTTP ${code}: ${operators}`));
    });
    call.end();
  });

/**
 * Makes the call that has each named node begin a scavenge, at once for the first and an hour later for those who ask
 * meanwhile. It fails nobody: a scavenge that did not begin is told, and a person starts it.
 */
export const createScavenge = (address: Address, clock: Clock, closing: AbortSignal, say: Say): (() => void) => {
  let resting = false;
  let wanted = false;

  const run = async (): Promise<void> => {
    for (const host of address.hosts) {
      try {
        await begin(address, host);
        say('info', `Began a scavenge on ${host}: the content of erased streams is on its disk until that ends`);
      } catch (error) {
        say('warn', `Erased content stays on the disk of ${host} until a scavenge, and none could be begun: ${messageOf(error)}`);
      }
    }
  };
  const turn = async (): Promise<void> => {
    while (wanted && !closing.aborted) {
      wanted = false;
      await run();
      await clock.sleep(restMs, closing);
    }
    resting = false;
  };
  return () => {
    wanted = true;
    if (resting) return;
    resting = true;
    void turn();
  };
};
