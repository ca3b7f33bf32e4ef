import { setTimeout as sleep } from 'node:timers/promises';
import { createPrng, type Prng } from '../../sim/prng.ts';
import type { Fault } from '../../test/support/proxy.ts';
import type { Finding } from '../audit/finding.ts';
import type { Suite } from '../suite.ts';
import type { Fleet, Place } from './fleet.ts';
import { storm } from './storm.ts';

/** The default of `drainSeconds`. */
const drainLimitMs = 25_000;

const placeOf = (draw: Prng, { places }: Fleet): Place => places[draw.int(0, places.length - 1)]!;

const processes: Suite = {
  name: 'processes',
  title: 'kill -9 or SIGSTOP of any role at random moments',
  run: ({ seed, quick, progress }) => {
    const draw = createPrng(seed, 'processes');
    return storm({
      seed,
      progress,
      blows: quick ? 6 : 30,
      gapMs: () => draw.int(200, 3_000),
      blow: async (fleet) => {
        const place = placeOf(draw, fleet);
        if (draw.chance(1 / 3)) await fleet.freeze(place, draw.int(500, 8_000));
        else {
          await fleet.end(place, 'SIGKILL');
          await fleet.start(place);
        }
        return [];
      },
    });
  },
};

const servers: Suite = {
  name: 'servers',
  title: 'restarts of broker and database, with SIGTERM and kill -9',
  run: ({ seed, quick, progress }) => {
    const draw = createPrng(seed, 'servers');
    return storm({
      seed,
      progress,
      blows: quick ? 2 : 4,
      gapMs: () => draw.int(2_000, 6_000),
      blow: async ({ cluster: { rabbit, postgres } }, nth) => {
        const server = nth % 2 === 0 ? postgres : rabbit;
        if (nth === 1) await rabbit.sync();
        await (nth === 3 ? rabbit.stop() : server.kill());
        await sleep(draw.int(0, 4_000));
        await server.start();
        return [];
      },
    });
  },
};

const faultOf = (draw: Prng): Fault | 'refuse' => {
  switch (draw.int(0, 5)) {
    case 0:
      return { kind: 'cut' };
    case 1:
      return { kind: 'cut-after', bytes: draw.int(1, 4_000) };
    case 2:
      return { kind: 'half-open' };
    case 3:
      return { kind: 'delay', ms: draw.int(20, 400) };
    case 4:
      return { kind: 'slice', bytes: draw.int(1, 200) };
    default:
      return 'refuse';
  }
};

const network: Suite = {
  name: 'network',
  title: 'a proxy that cuts, delays, half-opens, slices and refuses connections to broker and database',
  run: ({ seed, quick, progress }) => {
    const draw = createPrng(seed, 'network');
    return storm({
      seed,
      progress,
      blows: quick ? 8 : 50,
      gapMs: () => draw.int(200, 2_000),
      blow: async ({ links }) => {
        const link = draw.chance(1 / 2) ? links.broker : links.database;
        const fault = faultOf(draw);
        if (fault === 'refuse') {
          link.refuse(true);
          link.fault({ kind: 'cut' });
        } else link.fault(fault);
        await sleep(draw.int(200, 2_000));
        link.refuse(false);
        link.heal();
        return [];
      },
      // Keepalive of the system ends what is half-open after a while; a proxy on loopback must do it itself.
      calm: async ({ links }) => {
        links.broker.fault({ kind: 'cut' });
        links.database.fault({ kind: 'cut' });
      },
    });
  },
};

const drains: Suite = {
  name: 'drains',
  title: 'SIGTERM of any role',
  run: async ({ seed, quick, progress }) => {
    const draw = createPrng(seed, 'drains');
    let longest = 0;
    const result = await storm({
      seed,
      progress,
      blows: quick ? 5 : 20,
      gapMs: () => draw.int(200, 1_500),
      blow: async (fleet, nth) => {
        const place = placeOf(draw, fleet);
        const before = performance.now();
        const how = await fleet.end(place, 'SIGTERM');
        const ms = performance.now() - before;
        longest = Math.max(longest, ms);
        await fleet.start(place);
        const findings: Finding[] = [];
        if (how !== 0) findings.push({ kind: 'wrong', text: `stop ${nth} (${place.role}) ended with ${how}` });
        if (ms > drainLimitMs) findings.push({ kind: 'stuck', text: `stop ${nth} (${place.role}) took ${Math.round(ms)} ms` });
        return findings;
      },
    });
    return { ...result, remarks: [...(result.remarks ?? []), `longest drain ${Math.round(longest)} ms`] };
  },
};

export const distributedSuites: readonly Suite[] = [processes, servers, network, drains];
