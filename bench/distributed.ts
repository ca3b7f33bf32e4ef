import { openPostgresEventStore } from '../src/adapters/postgres/event-store.ts';
import { createSystemClock } from '../src/adapters/system/clock.ts';
import type { EventStore } from '../src/ports/event-store.ts';
import { type RunningCluster, startCluster } from '../test/support/cluster.ts';
import { inFlight, must, number, percentile, type Row, type Work } from './support.ts';

const batch = 1_000;

const hold = async (cluster: RunningCluster, url: string, count: number): Promise<void> => {
  await inFlight(Math.ceil(count / batch), 4, async (index) => {
    const commands = Array.from({ length: Math.min(batch, count - index * batch) }, (_, place) => {
      const id = index * batch + place;
      return { id: `hold-${id}`, to: `bench.item-d${id}`, type: 'HoldItem', data: { cents: 100 + id, ms: 1 } };
    });
    const { status, body } = await cluster.call(url, 'POST', '/api/v1/commands', { commands });
    must(status === 200, `a batch is taken: ${JSON.stringify(body).slice(0, 200)}`);
  });
};

/** Resolves with the verdict's counts when the run over everything due is closed. */
const run = async (
  cluster: RunningCluster,
  url: string,
  store: EventStore,
): Promise<{ readonly due: number; readonly changed: number }> => {
  const after = await store.head();
  const stop = new AbortController();
  await cluster.call(url, 'POST', '/api/v1/jobs/trigger/release-items', { reason: 'bench' });
  try {
    for await (const page of store.subscribe({ after, types: ['SlotClosed'] }, stop.signal)) {
      const closed = page.events.find(({ type }) => type === 'SlotClosed');
      if (closed !== undefined) return (closed.data as { counts: { due: number; changed: number } }).counts;
    }
  } finally {
    stop.abort();
  }
  throw new Error('the log ended');
};

/** Four processes on one machine over RabbitMQ and PostgreSQL: a run over many due actors, and one command at a time. */
export const distributed: Work = async (scale) => {
  const cluster = await startCluster({ CARILLON_PARTITIONS: '16' }, ['--config', new URL('./bench.config.ts', import.meta.url).pathname]);
  const store = await openPostgresEventStore({ url: cluster.postgresUrl, clock: createSystemClock() });
  try {
    const members = ['projections', 'handlers', 'ticker', 'api'].map((role) => cluster.start([role]));
    const url = (await members[3]!.ready)!;
    await Promise.all(members.map(({ ready }) => ready));

    const count = Math.round(100_000 * scale);
    await hold(cluster, url, count);
    const started = performance.now();
    const counts = await run(cluster, url, store);
    const seconds = (performance.now() - started) / 1_000;
    must(counts.due === count && counts.changed === count, `due and changed are ${count}`);
    const released = new Set<string>();
    let events = 0;
    for await (const page of store.readAll({ types: ['ItemReleased'] })) {
      for (const event of page.events) released.add(event.stream);
      events += page.events.length;
    }
    must(events === count && released.size === count, 'each actor released exactly once');

    const times: number[] = [];
    for (let index = 0; index < 1_000 * scale; index++) {
      const begin = performance.now();
      const command = { id: `l-${index}`, to: `bench.item-l${index}`, type: 'HoldItem', data: { cents: 1, ms: 86_400_000 } };
      must((await cluster.call(url, 'POST', '/api/v1/commands', command)).status === 200, 'the command is taken');
      times.push(performance.now() - begin);
    }
    const rows: Row[] = [
      {
        work: `job over ${number(count)} due actors, 4 processes, PostgreSQL and RabbitMQ`,
        figure: `${number(count / seconds)} actors/s`,
        reach: '15,000',
        met: count / seconds >= 15_000,
        beside: 'PostgreSQL row by row 3,000',
        check: `${number(events)} released, once each`,
      },
      {
        work: 'one command over HTTP and the broker to durable, p50 / p99',
        figure: `${percentile(times, 0.5).toFixed(1)} / ${percentile(times, 0.99).toFixed(1)} ms`,
        reach: '5 / 20 ms',
        met: percentile(times, 0.5) <= 5 && percentile(times, 0.99) <= 20,
        beside: 'pg-boss 2.9 / 5.6, raw RabbitMQ quorum 1.1 / 2.6 ms',
        check: `${number(times.length)} taken`,
      },
    ];
    return rows;
  } finally {
    await store.close();
    await cluster.stop();
  }
};
