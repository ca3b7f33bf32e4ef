import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Member } from '../support/cluster.ts';
import { type Receiver, startReceiver } from '../support/otlp-receiver.ts';
import { escrowOrders, startLoad } from './escrows.ts';
import { installed, type Role, startWorld, type World } from './world.ts';

/** So many that each of two handlers gets some, whatever their names hash to. */
const partitions = 16;
const movedWithinMs = 10_000;
/** From a handler's start to the first answer of those that waited for one. */
const firstAnswerWithinMs = 2_000;
/** The default of `drainSeconds`. */
const drainWithinMs = 25_000;

describe.skipIf(!installed)('processes that come and go under load', () => {
  let world: World;
  let receiver: Receiver;
  let load: ReturnType<typeof startLoad>;
  const members = new Map<string, Member>();

  const up = async (name: string, role: Role): Promise<void> => void members.set(name, await world.up(role));
  const kill = async (name: string): Promise<void> => {
    members.get(name)?.child.kill('SIGKILL');
    await members.get(name)?.ended;
  };
  /** The partitions that the second handler, the only one that is traced, has had a message of. */
  const partitionsOfSecond = (): number =>
    new Set(receiver.spans.map(({ name }) => name).filter((name) => name.startsWith('process carillon.giving.'))).size;
  const timed = async (work: () => Promise<unknown>): Promise<number> => {
    const before = performance.now();
    await work();
    return Math.round(performance.now() - before);
  };
  /** One order for each of many actors, so that every partition must answer. */
  let extra = 1_000_000;
  const everyPartition = (): Promise<void> => {
    extra += 100;
    return world.send(escrowOrders(extra, 80));
  };

  beforeAll(async () => {
    receiver = await startReceiver();
    world = await startWorld({ partitions });
    await Promise.all([up('projections', 'projections'), up('first', 'handlers'), up('ticker', 'ticker'), up('api', 'api')]);
    load = startLoad(world.send);
  }, 120_000);
  afterAll(async () => {
    await world?.close();
    receiver?.close();
  }, 60_000);

  it('a handler that joins gets its share within 10 s, and every partition goes on', { timeout: 60_000 }, async () => {
    const traced = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_BSP_SCHEDULE_DELAY: '100' };
    members.set('second', await world.up('handlers', traced));
    const took = await timed(() => expect.poll(partitionsOfSecond, { timeout: movedWithinMs }).toBeGreaterThan(0));
    await everyPartition();
    console.log(
      `the second handler worked ${took} ms after it was ready; it has had messages of ${partitionsOfSecond()} of ${partitions} partitions`,
    );
    expect(partitionsOfSecond()).toBeLessThan(partitions);
  });

  it('kill -9 of a handler moves its partitions within 10 s, and work goes on', { timeout: 60_000 }, async () => {
    await kill('second');
    const took = await timed(everyPartition);
    console.log(`every partition answered ${took} ms after kill -9`);
    expect(took).toBeLessThan(movedWithinMs);
  });

  it('kill -9 of the only handler: the next one answers within 2 s of its start', { timeout: 60_000 }, async () => {
    await kill('first');
    const waiting = world.send(escrowOrders(2_000_000, 1));
    await up('first', 'handlers');
    const took = await timed(() => waiting);
    console.log(`first answer ${took} ms after a handler was ready again`);
    expect(took).toBeLessThan(firstAnswerWithinMs);
  });

  it.each(['ticker', 'projections', 'api', 'first'])(
    'SIGTERM of %s under load: exit 0 within the limit',
    { timeout: 60_000 },
    async (name) => {
      const { child, ended } = members.get(name)!;
      child.kill('SIGTERM');
      const took = await timed(async () => expect(await ended).toBe(0));
      console.log(`${name} drained in ${took} ms`);
      expect(took).toBeLessThan(drainWithinMs);
      await up(name, name === 'first' ? 'handlers' : (name as Role));
    },
  );

  it('nothing is lost or doubled', { timeout: 120_000 }, async () => {
    const count = await load.stop();
    expect(count).toBeGreaterThan(0);
    await world.settled(90_000);
    const { codes, findings } = await world.audit();
    expect(findings).toEqual([]);
    expect(codes).toEqual([0, 0, 0, 0]);
    console.log(`${world.acked.size} commands acknowledged`);
  });
});
