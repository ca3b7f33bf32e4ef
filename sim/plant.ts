import type { Context } from '../src/core/context.ts';
import type { Registry } from '../src/core/registry.ts';
import type { Clock } from '../src/ports/clock.ts';
import type { EventStore } from '../src/ports/event-store.ts';
import type { Fault } from './fault.ts';
import type { Life } from './life.ts';
import type { Ports } from './process.ts';
import type { Provider } from './provider.ts';
import type { World } from './world.ts';

export type PlantTools = {
  readonly world: World;
  readonly life: Life;
  readonly provider: Provider;
  readonly fault: Fault;
  readonly seed: number;
  /** The registry of this life; not while it is being built. */
  readonly registry: () => Registry;
};

/** A bug put in on purpose: it wraps ports, patches definitions, or stands between engine and provider. Nothing in `src` knows of it. */
export type Plant = {
  readonly name: string;
  readonly about: string;
  /** Why no seed can find it, when that is so. */
  readonly equivalent?: string;
  /** Between the faulty port and the real one. */
  store?(inner: EventStore, tools: PlantTools): EventStore;
  /** Around everything that one life of a process sees. */
  ports?(ports: Ports, tools: PlantTools): Ports;
  contexts?(contexts: readonly Context[], tools: PlantTools): readonly Context[];
  clock?(clock: Clock, tools: PlantTools): Clock;
};
