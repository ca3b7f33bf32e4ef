import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Member } from '../support/cluster.ts';
import { escrowOrders, startLoad } from './escrows.ts';
import { installed, type Role, startWorld, type World } from './world.ts';

/** After the broker is back. */
const resumedWithinMs = 10_000;

describe.skipIf(!installed)('crashes in the middle of runs', () => {
  let world: World;
  let load: ReturnType<typeof startLoad>;
  const members = new Map<Role, Member>();
  const up = async (role: Role): Promise<void> => void members.set(role, await world.up(role));
  /** Resolves when `count` more escrows than now were acknowledged. */
  const more = (count: number): Promise<void> => {
    const goal = load.count() + count;
    return expect.poll(() => load.count(), { timeout: 40_000, interval: 50 }).toBeGreaterThanOrEqual(goal);
  };
  const timed = async (work: () => Promise<unknown>): Promise<number> => {
    const before = performance.now();
    await work();
    return Math.round(performance.now() - before);
  };

  beforeAll(async () => {
    world = await startWorld();
    await Promise.all((['projections', 'handlers', 'ticker', 'api'] as const).map(up));
    load = startLoad(world.send);
  }, 120_000);
  afterAll(() => world?.close(), 60_000);

  it.each(['ticker', 'projections', 'api'] as const)('kill -9 of %s: the next one goes on', { timeout: 60_000 }, async (role) => {
    const { child, ended } = members.get(role)!;
    child.kill('SIGKILL');
    expect(await ended).toBe('SIGKILL');
    await up(role);
    await more(20);
  });

  it('kill -9 of PostgreSQL: what was acknowledged is there, and work goes on after its return', { timeout: 90_000 }, async () => {
    await world.cluster.postgres.kill();
    await world.cluster.postgres.start();
    const took = await timed(() => more(20));
    console.log(`20 escrows acknowledged ${took} ms after PostgreSQL was back`);
    const acked = [...world.acked.values()];
    const stored = new Set((await world.read()).map(({ stream, metadata }) => `${stream} ${metadata.causationId}`));
    for (const { stream, id } of acked) expect(stored).toContain(`${stream} ${id}`);
  });

  it.each(['SIGTERM', 'kill -9'])('a restart of the broker (%s): work goes on within 10 s', { timeout: 90_000 }, async (how) => {
    const { rabbit } = world.cluster;
    if (how === 'SIGTERM') await rabbit.stop();
    else {
      await rabbit.sync();
      await rabbit.kill();
    }
    const waiting = world.send(escrowOrders(how === 'SIGTERM' ? 1_000_000 : 2_000_000, 20));
    await rabbit.start();
    const took = await timed(() => waiting);
    console.log(`answers ${took} ms after the broker was back (${how})`);
    expect(took).toBeLessThan(resumedWithinMs);
    await more(20);
  });

  it('every run completes; nothing is lost or doubled', { timeout: 120_000 }, async () => {
    await load.stop();
    await world.settled(90_000);
    for (const { child } of members.values()) expect(child.exitCode).toBeNull();
    const { codes, findings } = await world.audit();
    expect(findings).toEqual([]);
    expect(codes).toEqual([0, 0, 0, 0]);
    console.log(`${world.acked.size} commands acknowledged`);
  });
});
