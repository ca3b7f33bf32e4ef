// The engine on the real embedded adapters with every port call a fault point, as src/app.ts puts it together, and a client
// of it. It says each id that was done ("ack ID"), ends with 0 when nothing is owed, and dies at its fault.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openFolder } from '../../src/adapters/files/folder.ts';
import { createMemoryBroker } from '../../src/adapters/memory/broker.ts';
import { openSqliteEventStore } from '../../src/adapters/sqlite/event-store.ts';
import { lockFolder } from '../../src/adapters/sqlite/lock.ts';
import { openSqliteReadModels } from '../../src/adapters/sqlite/read-models.ts';
import { openSqliteVault } from '../../src/adapters/sqlite/vault.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { createSystemIds } from '../../src/adapters/system/ids.ts';
import type { StreamName } from '../../src/core/event.ts';
import { plus } from '../../src/core/instant.ts';
import type { IntakeLine } from '../../src/core/intake.ts';
import { startEngine } from '../../src/engine.ts';
import type { EventStore } from '../../src/ports/event-store.ts';
import { chaosRegistry, partitions } from '../contexts.ts';
import { createPoints, type Fault, pointedBroker, pointedCall, pointedReadModels, pointedStore, pointedVault } from '../fault-points.ts';
import { callProvider } from '../provider-client.ts';
import { createQuiet } from '../quiet.ts';
import { restlessBroker } from '../restless-broker.ts';
import type { Step } from '../workload.ts';

/** What a child is told to do. */
export type Job = {
  readonly folder: string;
  readonly provider: string;
  readonly steps: readonly Step[];
  /** Ids that earlier lives were told of. */
  readonly acked: readonly string[];
  readonly fault: Fault | null;
  /** Which life of the folder this is, from 1. */
  readonly life: number;
  /** A past of this many minutes, with a task in each, so that a ledger is folded and trimmed. */
  readonly pastMinutes?: number;
  /** Every message is doubled, delayed and reordered by this seed. */
  readonly restless?: number;
};

const tidyLedger: StreamName = 'engine.schedule-pay/tidy';
const ordersLedger: StreamName = 'engine.schedule-pay/settle-orders';
const onTimeWithinMs = 20_000;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const job = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Job;
const acked = new Set(job.acked);
const points = createPoints(job.fault);
const clock = createSystemClock();
const ids = createSystemIds();
const lock = lockFolder(job.folder);
const alive = setInterval(() => undefined, 2 ** 30);
const folder = openFolder(job.folder, partitions);
const inner: EventStore = openSqliteEventStore({ file: folder.file('events.db'), clock });
const store = pointedStore(points, inner);
const readModels = pointedReadModels(points, openSqliteReadModels({ file: join(job.folder, 'models.db') }));
const vault = pointedVault(points, openSqliteVault({ file: folder.file('vault.db') }));
const memory = createMemoryBroker({ clock });
const restless = job.restless === undefined ? null : restlessBroker(memory, job.restless);
const broker = pointedBroker(points, restless?.broker ?? memory);
const tidy = job.pastMinutes !== undefined;
const past: readonly IntakeLine[] | undefined =
  job.pastMinutes === undefined
    ? undefined
    : [
        {
          id: 'past',
          to: 'pay.order-past',
          type: 'PlaceOrder',
          data: { buyer: 'b1', cents: 7, afterMs: 0, receipt: false },
          asOf: plus(clock.now(), -job.pastMinutes * 60_000),
        },
      ];

const engine = await startEngine({
  registry: chaosRegistry(pointedCall(points, callProvider(job.provider)), { tidy }),
  store,
  broker,
  readModels,
  vault,
  clock,
  ids,
  observers: {
    note: (note) => {
      if (note.kind === 'log' && note.level === 'error') process.stderr.write(`${note.scope}: ${note.message}\n`);
    },
  },
  build: 1,
  partitions,
  settings: {},
  // A ledger is trimmed as soon as it is folded, in the same millisecond too.
  keepRunsDays: tidy ? -1 : 90,
  ...(past === undefined ? {} : { facts: { name: 'past', lines: past } }),
});

const perform = async (step: Step): Promise<void> => {
  switch (step.kind) {
    case 'command':
    case 'erase': {
      const wish = step.kind === 'erase' ? { to: step.stream, type: 'EraseStream', data: {} } : step;
      const { to, type, data } = wish;
      const reason = step.kind === 'erase' ? { reason: 'asked for' } : {};
      const answer = await engine.commands.send({
        id: step.id,
        to: to as StreamName,
        type,
        data,
        asOf: clock.now(),
        by: 'chaos',
        ...reason,
      });
      if (answer.kind === 'failed' || answer.kind === 'rejected') throw new Error(`${step.id}: ${JSON.stringify(answer)}`);
      return;
    }
    case 'vault-put':
      await vault.put(step.subject, step.fields);
      if ((await vault.get(step.subject)) === null) throw new Error(`${step.subject} is not in the vault`);
      return;
    case 'vault-scrub':
      return vault.scrub(step.subject, step.fields);
    case 'vault-erase':
      return vault.erase(step.subject);
    case 'rebuild':
      await engine.projections.rebuild(step.projection);
      return;
    case 'verify':
      if (!tidy && !(await engine.projections.verify(step.projection)).equal)
        throw new Error(`${step.projection} is not what the log says`);
  }
};

const once = async (step: Step): Promise<void> => {
  if (acked.has(step.id)) return;
  await perform(step);
  say(`ack ${step.id}`);
};

/** A ticker that follows the log opens the next slot at its second; one that does not, only when it reminds itself, as a catch-up. */
const ticksOnTime = async (): Promise<void> => {
  const after = await inner.head();
  for await (const page of inner.subscribe({ after, types: ['SlotOpened'] }, AbortSignal.timeout(onTimeWithinMs)))
    if (page.events.some(({ stream, data }) => stream === ordersLedger && (data as { cause?: string }).cause === 'schedule')) return;
  throw new Error(`no slot was opened on time for ${onTimeWithinMs / 1_000} s: the ticker does not follow the log`);
};

await Promise.all(job.steps.filter(({ kind }) => kind === 'command').map(once));
for (const step of job.steps) if (step.kind !== 'command') await once(step);
if (!tidy) await ticksOnTime();
const quiet = createQuiet();
const following = new AbortController();
for await (const page of inner.subscribe({}, following.signal)) {
  for (const event of page.events) quiet.see(event);
  const head = await inner.head();
  if (head !== null && page.upTo >= head && quiet.owed(Date.now()).length === 0) break;
}
following.abort();
// What is still held back comes in, and must change nothing.
await restless?.calm();
// The trim of the ledger is nobody's debt: it goes on beside the rest. One that a kill cut short is done by the next trim.
for (let trimmed = !tidy || job.life > 1; !trimmed; await clock.sleep(50))
  trimmed = ((await inner.read(tidyLedger, { limit: 1 })).events[0]?.revision ?? 0) > 0;
// From here on slots may wait: that is no fault of the engine.
say(`stopping ${Date.now()}`);
await engine.stop();
await broker.close();
await vault.close();
await readModels.close();
await store.close();
lock.release();
clearInterval(alive);
say(`points ${JSON.stringify(Object.fromEntries(points.reached))}`);
if (restless !== null) say(`restless ${JSON.stringify(restless.counts)}`);
