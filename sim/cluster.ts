import { joinMembers } from '../src/adapters/rabbitmq/membership.ts';
import type { Broker } from '../src/ports/broker.ts';
import type { Clock } from '../src/ports/clock.ts';
import type { Cluster } from '../src/ports/cluster.ts';
import type { Life } from './life.ts';
import type { Locks } from './locks.ts';

/** Slower than in earnest: a heartbeat costs as much as a command. */
const heartbeatMs = 10_000;
const deadAfterMs = 40_000;

type ClusterDeps = {
  readonly life: Life;
  readonly locks: Locks;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly partitions: number;
};

/** The other processes, as one of several sees them: members over the broker as in the scaled deployment, locks at the store. */
export const simCluster = ({ life, locks, broker, clock, partitions }: ClusterDeps): Cluster => ({
  shared: true,
  lead: (name, signal) => locks.lead(life, name, signal),
  join: async (group, onChange) => {
    const instance = `${life.name}.${life.epoch}`;
    const membership = await joinMembers({ broker, clock, instance, group, partitions, onChange, heartbeatMs, deadAfterMs });
    return { leave: membership.leave };
  },
});
