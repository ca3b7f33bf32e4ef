import { openPostgresEventStore, openPostgresReadModels } from '../../src/adapters/postgres/index.ts';
import { openRabbitBroker } from '../../src/adapters/rabbitmq/broker.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { createSystemIds } from '../../src/adapters/system/ids.ts';
import { plus } from '../../src/core/instant.ts';
import type { Registry } from '../../src/core/registry.ts';
import { createBus } from '../../src/handlers/bus.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Note } from '../../src/ports/observers.ts';
import { runTicker } from '../../src/roles/ticker.ts';
import type { RunningCluster } from '../support/cluster.ts';

/** A ticker of this process on a cluster's servers, whose clock is `ms` off; `notes` is what it says. */
export const startSkewedTicker = async (cluster: RunningCluster, registry: Registry, partitions: number, ms: number) => {
  const right = createSystemClock();
  const clock: Clock = {
    ...right,
    now: () => plus(right.now(), ms),
    sleepUntil: (at, signal) => right.sleepUntil(plus(at, -ms), signal),
  };
  const ids = createSystemIds();
  const notes: Note[] = [];
  const observers = { note: (note: Note): void => void notes.push(note) };
  const store = await openPostgresEventStore({ url: cluster.postgresUrl, clock: right });
  const readModels = await openPostgresReadModels({ url: cluster.postgresUrl });
  const broker = await openRabbitBroker({ url: cluster.rabbit.url, clock: right, observers });
  const commands = await createBus({ broker, clock, ids, partitions });
  const parts = { registry, store, readModels, broker, clock, ids, observers, partitions, commands, build: 1 };
  const ticker = await runTicker({ ...parts, ready: Promise.resolve() });
  return {
    notes,
    stop: async (): Promise<void> => {
      await ticker.stop();
      await commands.close();
      await broker.close();
      await readModels.close();
      await store.close();
    },
  };
};
