import { setTimeout as sleep } from 'node:timers/promises';
import { createPrng } from '../../sim/prng.ts';
import { openPostgresEventStore, openPostgresReadModels } from '../../src/adapters/postgres/index.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { escrowOrders, type Order, startLoad } from '../../test/distributed/escrows.ts';
import { createSender } from '../../test/distributed/sender.ts';
import type { Finding } from '../audit/finding.ts';
import { type Acked, auditStores } from '../auditor.ts';
import { auditRegistry, partitions } from '../contexts.ts';
import { startProvider } from '../lives.ts';
import { readLedger } from '../provider-client.ts';
import type { Server } from '../server.ts';
import { settleDown } from '../storm.ts';
import type { Result } from '../suite.ts';
import { orderStep } from '../workload.ts';
import { type Fleet, startFleet } from './fleet.ts';

/** What is done to the running fleet; what it throws or gives back is a finding. */
export type Blow = (fleet: Fleet, nth: number) => Promise<readonly Finding[]>;

export type Storm = {
  readonly seed: number;
  readonly blows: number;
  /** Milliseconds before each blow. */
  readonly gapMs: () => number;
  readonly blow: Blow;
  progress(text: string): void;
  /** Before the fleet has to come to rest. */
  calm?(fleet: Fleet): Promise<void>;
};

/** A client that is not answered for this long after the last blow is stuck. */
const answeredWithinMs = 120_000;
/** What began this long before the end may be open. */
const graceMs = 5_000;
/** Between two batches: a steady load that leaves room for what runs beside it. */
const pauseMs = 400;

const audit = async (fleet: Fleet, provider: string, acked: readonly Acked[], at: number): Promise<readonly Finding[]> => {
  const url = fleet.cluster.postgresUrl;
  const store = await openPostgresEventStore({ url, clock: createSystemClock() });
  const readModels = await openPostgresReadModels({ url });
  try {
    const ledger = await readLedger(provider);
    return await auditStores(store, readModels, { registry: auditRegistry(), partitions, acked, ledger, end: { at, graceMs } });
  } finally {
    await readModels.close();
    await store.close();
  }
};

/** A client that has an order of each kind for every five: charity escrows, and orders that are paid out at the provider. */
const startClient = (fleet: Fleet, seed: number) => {
  const draw = createPrng(seed, 'orders');
  const { send, acked } = createSender((method, path, body) => fleet.call(method, path, JSON.stringify(body)));
  const load = startLoad(send, pauseMs, (from, count) => [
    ...escrowOrders(from, count / 2),
    ...Array.from({ length: count / 2 }, (_, nth): Order => {
      const { kind: _kind, ...order } = orderStep(draw, `l${from + nth}`);
      return { ...order, data: order.data as object };
    }),
  ]);
  return {
    acked,
    /** No new orders; false when some were not answered in time. */
    stop: async (): Promise<boolean> => Promise.race([load.stop().then(() => true), sleep(answeredWithinMs, false, { ref: false })]),
  };
};

const blowAll = async (fleet: Fleet, { blows, gapMs, blow, progress }: Storm, count: () => number): Promise<Finding[]> => {
  const findings: Finding[] = [];
  for (let nth = 1; nth <= blows; nth++) {
    await sleep(gapMs());
    const before = performance.now();
    findings.push(...(await blow(fleet, nth)));
    await fleet.revive();
    progress(`blow ${nth} of ${blows} took ${Math.round(performance.now() - before)} ms; ${count()} commands acknowledged`);
  }
  return findings;
};

/** Five processes on private servers under load, blow after blow, then rest, a clean end, and the audit. */
export const storm = async (options: Storm): Promise<Result> => {
  const { seed, blows, progress } = options;
  const provider = await startProvider(seed);
  const fleet = await startFleet(provider.url);
  try {
    const client = startClient(fleet, seed);
    const findings = await blowAll(fleet, options, () => client.acked.size);
    await options.calm?.(fleet);
    const lastBlowAt = performance.now();
    if (!(await client.stop())) findings.push({ kind: 'stuck', text: `the client was not answered for ${answeredWithinMs / 1_000} s` });
    for (const owed of await settleDown({ call: fleet.call } as Server, null))
      findings.push({ kind: 'stuck', text: `after the last blow: ${owed}` });
    const settledIn = (performance.now() - lastBlowAt) / 1_000;
    const at = Date.now();
    await fleet.endAll();
    progress('auditing');
    findings.push(...fleet.findings, ...(await audit(fleet, provider.url, [...client.acked.values()], at)));
    const remarks = [`${client.acked.size} commands`, `at rest ${settledIn.toFixed(0)} s after the last blow`];
    return { runs: fleet.starts(), faults: blows, findings, remarks };
  } finally {
    provider.child.signal('SIGKILL');
    await fleet.close();
  }
};
