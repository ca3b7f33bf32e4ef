import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryBroker } from '../../../src/adapters/memory/broker.ts';
import { openRabbitBroker } from '../../../src/adapters/rabbitmq/broker.ts';
import { joinMembers, type Membership } from '../../../src/adapters/rabbitmq/membership.ts';
import { createSystemClock } from '../../../src/adapters/system/clock.ts';
import { createSystemIds } from '../../../src/adapters/system/ids.ts';
import type { Broker } from '../../../src/ports/broker.ts';
import { freshName, message } from '../../contracts/broker/harness.ts';
import { type NetworkProxy, startProxy } from '../../support/proxy.ts';
import { type RabbitMq, rabbitmqInstalled, startRabbitMq } from '../../support/rabbitmq.ts';

const clock = createSystemClock();
const ids = createSystemIds();
const partitions = 32;
const all = Array.from({ length: partitions }, (_, index) => index);

/** Members that write down what they own; `settled` waits until each partition has exactly the one owner among them. */
const useGroup = (timing: { heartbeatMs?: number; deadAfterMs?: number }) => {
  let group = '';
  let shares = new Map<string, ReadonlySet<number>>();
  let joined: Membership[] = [];
  beforeEach(() => {
    group = freshName('group');
    shares = new Map();
    joined = [];
  });
  afterEach(() => Promise.all(joined.map((each) => each.leave())));
  return {
    shares: () => shares,
    group: () => group,
    async join(broker: Broker, onChange: () => void = () => undefined) {
      const instance = ids.next();
      const membership = await joinMembers({
        ...timing,
        broker,
        clock,
        instance,
        group,
        partitions,
        onChange(owned) {
          onChange();
          shares.set(instance, owned);
        },
      });
      joined.push(membership);
      const leave = async () => {
        await membership.leave();
        shares.delete(instance);
      };
      return { instance, leave, members: membership.members };
    },
    settled: (instances: readonly { instance: string }[], timeout = 10_000) =>
      expect
        .poll(() => instances.flatMap(({ instance }) => [...(shares.get(instance) ?? [])]).sort((a, b) => a - b), { timeout })
        .toEqual(all),
  };
};

describe('membership on the memory broker', () => {
  const { join, settled, shares, group } = useGroup({ heartbeatMs: 30, deadAfterMs: 150 });
  let broker: Broker;
  beforeEach(() => {
    broker = createMemoryBroker({ clock });
  });

  it('gives everything to one who is alone', async () => {
    const only = await join(broker);
    expect(shares().get(only.instance)).toEqual(new Set(all));
    expect(only.members()).toEqual([only.instance]);
  });

  it('shares with those who come, and takes over from those who leave, at once', async () => {
    const [a, b] = [await join(broker), await join(broker)];
    await settled([a, b]);
    const c = await join(broker);
    await settled([a, b, c]);
    expect(c.members()).toEqual([a, b, c].map(({ instance }) => instance).sort());
    const before = new Map(shares());
    await b.leave();
    await settled([a, c]);
    for (const { instance } of [a, c]) for (const kept of before.get(instance) ?? []) expect(shares().get(instance)).toContain(kept);
  });

  it('takes over from one who is silent', async () => {
    let silent = false;
    const dying: Broker = { ...broker, publish: async (...args) => (silent ? undefined : broker.publish(...args)) };
    const [a, b] = [await join(broker), await join(dying)];
    await settled([a, b]);
    silent = true;
    await settled([a]);
    expect(a.members()).toEqual([a.instance]);
    silent = false;
    await settled([a, b]);
  });

  it('keeps what it has while it hears not even itself', async () => {
    let deaf = false;
    const failing: Broker = {
      ...broker,
      publish: async (...args) => {
        if (deaf) throw new Error('no broker');
        return broker.publish(...args);
      },
    };
    const [a, b] = [await join(failing), await join(failing)];
    await settled([a, b]);
    let changes = 0;
    const c = await join(failing, () => changes++);
    await settled([a, b, c]);
    changes = 0;
    deaf = true;
    await clock.sleep(500);
    deaf = false;
    await settled([a, b, c]);
    expect(changes).toBe(0);
  });

  it('tells again what could not be taken', async () => {
    let failures = 2;
    const only = await join(broker, () => {
      if (failures-- > 0) throw new Error('not yet');
    });
    await settled([only]);
    expect(failures).toBeLessThan(0);
  });

  it('does not mind what it cannot read, and parks it', async () => {
    const parked: string[] = [];
    const strict = createMemoryBroker({ clock, onPark: ({ headers }) => parked.push(headers.reason ?? '') });
    const only = await join(strict);
    for (const body of [null, 'x', { group: group(), instance: 1, state: 'here' }, { group: group(), instance: 'x', state: 'dead' }])
      await strict.publish('carillon.members', '', message('m', body));
    await expect.poll(() => parked.length).toBe(4);
    expect(only.members()).toEqual([only.instance]);
  });
});

describe.skipIf(!rabbitmqInstalled())('membership on RabbitMQ', () => {
  let server: RabbitMq;
  let proxy: NetworkProxy;
  let brokers: Broker[] = [];
  // Registered before those of useGroup, so that it runs after them: members leave, then their brokers close.
  afterEach(async () => {
    await Promise.all(brokers.map((broker) => broker.close()));
    await proxy.close();
  });
  const { join, settled } = useGroup({});
  const open = async (port = server.port): Promise<Broker> => {
    const broker = await openRabbitBroker({ url: server.url.replace(`:${server.port}`, `:${port}`), clock });
    brokers.push(broker);
    return broker;
  };
  beforeAll(async () => {
    server = await startRabbitMq();
  }, 90_000);
  afterAll(() => server?.remove());
  beforeEach(async () => {
    brokers = [];
    proxy = await startProxy(server.port);
  });

  it('moves partitions on join and leave within a second or two, and after a dead network within ten', async () => {
    const took: Record<string, number> = {};
    const lap = async (what: string, work: () => Promise<unknown>) => {
      const begin = performance.now();
      await work();
      took[what] = Math.round(performance.now() - begin);
    };
    const a = await join(await open());
    const b = await join(await open(proxy.port));
    await settled([a, b]);
    let c = a;
    await lap('join', async () => {
      c = await join(await open());
      await settled([a, b, c]);
    });
    await lap('leave', async () => {
      await c.leave();
      await settled([a, b]);
    });
    await lap('crash', async () => {
      proxy.refuse(true);
      proxy.fault({ kind: 'half-open' });
      await settled([a]);
    });
    proxy.refuse(false);
    await settled([a, b], 20_000);
    expect(took.join).toBeLessThan(3_000);
    expect(took.leave).toBeLessThan(1_000);
    expect(took.crash).toBeLessThan(10_000);
  }, 60_000);

  it('is the same again after the broker was restarted', async () => {
    const members = [await join(await open()), await join(await open()), await join(await open())];
    await settled(members);
    await server.kill();
    await server.start();
    await settled(members, 20_000);
    const another = await join(await open());
    await settled([...members, another], 20_000);
  }, 60_000);
});
