import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createPrng } from '../../sim/prng.ts';
import type { Finding } from '../audit/finding.ts';
import { type Acked, auditFolder } from '../auditor.ts';
import { auditRegistry, partitions } from '../contexts.ts';
import { startProvider } from '../lives.ts';
import { readLedger } from '../provider-client.ts';
import { type Answer, type Server, startServer, stopServer } from '../server.ts';
import { settleDown } from '../storm.ts';
import type { Result, Suite } from '../suite.ts';
import { type Command, orderStep } from '../workload.ts';

const diskMiB = 8;
const graceMs = 5_000;
/** Left free when the disk is filled: some appends still fit. */
const leftBytes = 256 * 1024;
/** Orders until the disk must have been full. */
const mostOrders = 5_000;
const backWithinMs = 30_000;

const mount = (place: string): string | null => {
  mkdirSync(place);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${diskMiB}m`, 'tmpfs', place], { stdio: 'pipe' });
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

const fill = (place: string): string => {
  const filler = join(place, 'filler');
  const { bavail, bsize } = statfsSync(place);
  writeFileSync(filler, Buffer.alloc(Math.max(0, Number(bavail) * Number(bsize) - leftBytes)));
  return filler;
};

type Client = { readonly acked: Acked[]; readonly pending: Command[] };

const send = async (server: Server, client: Client, step: Command): Promise<Answer> => {
  const { id, to, type, data } = step;
  const answer = await server.call('POST', '/api/v1/commands', JSON.stringify({ id, to, type, data }));
  if (answer.status === 200) client.acked.push({ stream: to, id });
  else client.pending.push(step);
  return answer;
};

/** Sends orders until one is refused for want of room. What else is refused, or how, is a finding. */
const sendUntilFull = async (server: Server, client: Client, next: () => Command): Promise<Finding[]> => {
  for (let count = 0; count < mostOrders; count++) {
    const answer = await send(server, client, next());
    if (answer.status === 200) continue;
    return answer.status === 503 && answer.body.code === 'store-full'
      ? []
      : [{ kind: 'wrong', text: `on a full disk: ${answer.status} ${answer.text}` }];
  }
  return [{ kind: 'wrong', text: `${mostOrders} orders fitted on a full disk` }];
};

const readsStillAnswer = async (server: Server): Promise<Finding[]> => {
  const findings: Finding[] = [];
  for (const path of ['/livez', '/api/v1/runs', '/api/v1/events?from=0', '/api/v1/schedules', '/api/v1/projections']) {
    const { status, text } = await server.call('GET', path);
    if (status !== 200) findings.push({ kind: 'wrong', text: `on a full disk GET ${path} answers ${status}: ${text.slice(0, 200)}` });
  }
  return findings;
};

/** The same commands again, now that there is room. */
const sendAgain = async (server: Server, client: Client): Promise<Finding[]> => {
  const limit = performance.now() + backWithinMs;
  while (client.pending.length > 0) {
    const step = client.pending.shift()!;
    const answer = await send(server, client, step);
    if (answer.status === 200) continue;
    if (performance.now() > limit)
      return [{ kind: 'stuck', text: `${backWithinMs / 1_000} s after room was made: ${answer.status} ${answer.text}` }];
    await sleep(200);
  }
  return [];
};

const run = async (place: string, seed: number, quick: boolean, progress: (text: string) => void): Promise<Result> => {
  const data = join(place, 'data');
  const provider = await startProvider(seed);
  const draw = createPrng(seed, 'full disk');
  const client: Client = { acked: [], pending: [] };
  const findings: Finding[] = [];
  let placed = 0;
  const next = (): Command => orderStep(draw, `f${placed++}`);
  let server = await startServer(data, provider.url);
  let faults = 0;
  let runs = 1;
  for (let count = 0; count < 20; count++) await send(server, client, next());
  for (let round = 0; round < (quick ? 1 : 3); round++) {
    const filler = fill(place);
    faults++;
    findings.push(...(await sendUntilFull(server, client, next)), ...(await readsStillAnswer(server)));
    progress(`full after ${client.acked.length} orders`);
    // In the second round the process dies on the full disk, and the next one starts when there is room.
    if (round === 1) {
      server.child.signal('SIGKILL');
      await server.child.exited;
      const early = await startServer(data, provider.url).then(
        (started) => started.child.signal('SIGKILL'),
        (error: unknown) => String(error),
      );
      if (typeof early === 'string' && !/store-full|no room left/.test(early))
        findings.push({ kind: 'wrong', text: `a start on the full disk did not say why: ${early}` });
      progress(`a start on the full disk: ${typeof early === 'string' ? 'refused' : 'went well'}`);
    }
    rmSync(filler);
    if (round === 1) {
      server = await startServer(data, provider.url);
      runs++;
    }
    findings.push(...(await sendAgain(server, client)));
  }
  for (const owed of await settleDown(server, null)) findings.push({ kind: 'stuck', text: `after room was made: ${owed}` });
  const end = { at: Date.now(), graceMs };
  const { code } = await stopServer(server);
  if (code !== 0) findings.push({ kind: 'wrong', text: `the stop ended with ${code}: ${server.child.errors()}` });
  const ledger = await readLedger(provider.url);
  findings.push(...(await auditFolder(data, { registry: auditRegistry(), partitions, acked: client.acked, ledger, end })));
  provider.child.signal('SIGKILL');
  return { runs, faults, findings, remarks: [`${client.acked.length} orders on ${diskMiB} MiB`] };
};

export const fullDisk: Suite = {
  name: 'full-disk',
  title: 'a small disk that fills up, and has room again',
  run: async ({ folder, seed, quick, progress }) => {
    const place = join(folder, 'disk');
    const trouble = mount(place);
    if (trouble !== null) return { runs: 0, faults: 0, findings: [], remarks: [`NOT RUN: a tmpfs needs root (${trouble.split('\n')[0]})`] };
    try {
      return await run(place, seed, quick, progress);
    } finally {
      execFileSync('umount', ['-l', place]);
    }
  },
};
