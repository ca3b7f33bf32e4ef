import { setTimeout as sleep } from 'node:timers/promises';
import { escrowFacts } from '../test/support/escrow-facts.ts';
import type { Finding } from './audit/finding.ts';
import { auditFolder } from './auditor.ts';
import { auditRegistry, partitions } from './contexts.ts';
import { startProvider } from './lives.ts';
import { createLoad } from './load.ts';
import { readLedger } from './provider-client.ts';
import { createQuiet, type Seen } from './quiet.ts';
import { type Server, startServer, stopServer } from './server.ts';
import type { Result } from './suite.ts';

/** What is done to the running server; `restart` when it is gone afterwards. */
export type Blow = (
  server: Server,
  nth: number,
) => Promise<{ readonly restart: boolean; readonly findings?: readonly Finding[]; readonly remark?: string }>;

export type Storm = {
  readonly folder: string;
  readonly seed: number;
  readonly escrows: number;
  readonly blows: number;
  /** Milliseconds before each blow. */
  readonly gapMs: () => number;
  readonly blow: Blow;
  progress(text: string): void;
};

/** What is owed must move on: when nothing has changed for this long (an effect is given up after 12 s), it is stuck. */
const stillWithinMs = 60_000;
const lookMs = 300;
const graceMs = 5_000;
const watched = 'pay.*,giving.escrow.*,giving.wallet.*,giving.cycle.*,giving.coins.*,engine.effect.*,engine.schedule.*';

type EventPage = { readonly events: readonly Seen[]; readonly upTo: string | null; readonly more: boolean };

/** Posts the file again and again until the server has taken it: the same file goes on where it stopped. */
const importFacts = async (server: Server, facts: string): Promise<string> => {
  const answer = await server.call('POST', '/api/v1/imports?name=escrows&reason=chaos', facts, 'application/x-ndjson');
  if (answer.status !== 202) throw new Error(`the import was answered ${answer.status}: ${answer.text}`);
  return String(answer.body.id);
};

/**
 * Waits until the import has finished, nothing is owed and no projection lags. Gives what is still owed when nothing moves any
 * more. An import that failed is told, and asked for once more, so that the rest can be audited.
 */
export const settleDown = async (server: Server, imported: string | null, again?: () => Promise<unknown>): Promise<readonly string[]> => {
  const failures: string[] = [];
  const quiet = createQuiet();
  let from = '0';
  let told = '';
  let movedAt = performance.now();
  for (;;) {
    const progress = imported === null ? { status: 'finished' } : (await server.call('GET', `/api/v1/imports/${imported}`)).body;
    for (let more = progress.status === 'finished'; more; ) {
      const page = (await server.call('GET', `/api/v1/events?types=${watched}&from=${from}&limit=200`)).body as unknown as EventPage;
      for (const event of page.events) quiet.see(event);
      from = page.upTo ?? from;
      more = page.more;
    }
    const { projections } = (await server.call('GET', '/api/v1/projections')).body as { projections: { name: string; lag: number }[] };
    const owed = [
      ...(progress.status === 'finished' ? quiet.owed(Date.now()) : [`the import: ${progress.status}, line ${progress.done}`]),
      ...projections.filter(({ lag }) => lag > 50).map(({ name, lag }) => `${name} ${lag} events behind`),
    ];
    if (owed.length === 0) return failures;
    if (progress.status === 'failed') {
      failures.push(`the import failed at line ${progress.done}: ${progress.message}`);
      if (again === undefined || failures.length > 1) return failures;
      await again();
    }
    if (owed.join() !== told) movedAt = performance.now();
    told = owed.join();
    if (performance.now() - movedAt > stillWithinMs) return [...failures, ...owed];
    await sleep(lookMs);
  }
};

/** A server under load and an import of escrows, blow after blow, then rest, a clean end, and the audit. */
export const storm = async ({ folder, seed, escrows, blows, gapMs, blow, progress }: Storm): Promise<Result> => {
  const place = `${folder}/data`;
  const provider = await startProvider(seed);
  const facts = escrowFacts(escrows, Date.now())
    .map((line) => JSON.stringify(line))
    .join('\n');
  const findings: Finding[] = [];
  const remarks: string[] = [];
  let runs = 1;
  let current = startServer(place, provider.url);
  let imported = escrows === 0 ? null : await importFacts(await current, facts);
  const load = createLoad(seed, () => current);
  for (let nth = 1; nth <= blows; nth++) {
    await sleep(gapMs());
    const result = await blow(await current, nth);
    findings.push(...(result.findings ?? []));
    if (result.remark !== undefined) remarks.push(result.remark);
    if (!result.restart) continue;
    const before = performance.now();
    current = startServer(place, provider.url);
    runs++;
    const server = await current;
    if (imported !== null) imported = await importFacts(server, facts);
    const { placed, acked } = load.counts();
    progress(
      `blow ${nth} of ${blows}: up again in ${Math.round(performance.now() - before)} ms; ${acked} of ${placed} orders acknowledged`,
    );
  }
  await load.stop();
  const server = await current;
  const lastBlowAt = performance.now();
  for (const owed of await settleDown(server, imported, () => importFacts(server, facts)))
    findings.push({ kind: 'stuck', text: `after the last blow: ${owed}` });
  const settledIn = (performance.now() - lastBlowAt) / 1_000;
  const end = { at: Date.now(), graceMs };
  const { code } = await stopServer(server);
  if (code !== 0) findings.push({ kind: 'wrong', text: `the last stop ended with ${code}: ${server.child.errors()}` });
  for (const text of load.refused) findings.push({ kind: 'wrong', text: `an order was refused: ${text}` });
  progress('auditing');
  const imports = escrowFacts(escrows, Date.now()).map(({ id, to }) => ({ stream: to, id }));
  const audit = { registry: auditRegistry(), partitions, acked: [...load.acked, ...imports], ledger: await readLedger(provider.url), end };
  findings.push(...(await auditFolder(place, audit)));
  provider.child.signal('SIGKILL');
  const { acked, unanswered } = load.counts();
  return {
    runs,
    faults: blows,
    findings,
    remarks: [
      `${escrows} escrows`,
      `${acked} orders`,
      `${unanswered} batches unanswered`,
      `at rest ${settledIn.toFixed(0)} s after the last blow`,
      ...remarks,
    ],
  };
};
