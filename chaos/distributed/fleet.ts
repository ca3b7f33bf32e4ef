import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Member, type RunningCluster, startCluster } from '../../test/support/cluster.ts';
import { type NetworkProxy, startProxy } from '../../test/support/proxy.ts';
import type { Finding } from '../audit/finding.ts';
import type { Answer, Server } from '../server.ts';

export type Role = 'ticker' | 'handlers' | 'projections' | 'api';

/** A place in the fleet: one process after the other fills it. */
export type Place = { readonly role: Role; readonly nth: number };

/** The way to each server; a proxy stands in it. */
export type Links = { readonly broker: NetworkProxy; readonly database: NetworkProxy };

type Living = { member: Member; expected: boolean };

const configFile = join(import.meta.dirname, '../carillon.config.ts');
/** Two of each that share or follow each other. */
const places: readonly Place[] = (['projections', 'handlers', 'handlers', 'ticker', 'api'] as const).map((role, nth) => ({ role, nth }));
/** A start that takes longer than this hangs; it waits for a server that is away. */
const startWithinMs = 90_000;
const endWithinMs = 35_000;
/** A request that takes longer has no answer. */
const answerWithinMs = 20_000;

const within = async <T>(work: Promise<T>, ms: number): Promise<T | 'late'> => {
  const stop = new AbortController();
  try {
    return await Promise.race([work, sleep(ms, 'late' as const, { signal: stop.signal })]);
  } finally {
    stop.abort();
  }
};

/** Calls the api of the moment as admin; throws when no answer comes. */
const createCall =
  (url: () => string, token: string): Server['call'] =>
  async (method, path, body, type = 'application/json'): Promise<Answer> => {
    const response = await fetch(`${url()}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': type }) },
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.timeout(answerWithinMs),
    });
    const text = await response.text();
    const isJson = (response.headers.get('content-type') ?? '').includes('json');
    return { status: response.status, text, body: isJson ? (JSON.parse(text) as Record<string, unknown>) : {} };
  };

/** Proxies in the ways to the servers, and the settings that lead through them. */
const createLinks = async ({ rabbit, postgres, postgresUrl }: RunningCluster) => {
  const links: Links = { broker: await startProxy(rabbit.port), database: await startProxy(postgres.port) };
  const through = (text: string, { port }: NetworkProxy): string => Object.assign(new URL(text), { port: String(port) }).href;
  return {
    links,
    env: { CARILLON_RABBITMQ_URL: through(rabbit.url, links.broker), CARILLON_POSTGRES_URL: through(postgresUrl, links.database) },
  };
};

/** Private servers behind proxies, and a process for each place. A process that ends by itself is a finding, and is started again. */
export const startFleet = async (provider: string) => {
  const cluster = await startCluster({ CHAOS_PROVIDER: provider, CARILLON_SETTINGS_GIVING_HOLD_HOURS: '0' }, ['--config', configFile]);
  const { links, env } = await createLinks(cluster);
  const living = new Map<Place, Living>();
  const findings: Finding[] = [];
  let starts = 0;
  let ending = false;
  let url = '';

  const start = async (place: Place): Promise<void> => {
    starts++;
    const entry: Living = { member: cluster.start([place.role], env), expected: false };
    const { member } = entry;
    living.set(place, entry);
    void member.ended.then((how) => {
      if (entry.expected || ending) return;
      findings.push({ kind: 'wrong', text: `${member.name} ended by itself with ${how}: ${member.output().slice(-600)}` });
      living.delete(place);
    });
    const address = await within(member.ready, startWithinMs);
    if (address === 'late')
      throw new Error(`${member.name} did not start within ${startWithinMs / 1_000} s: ${member.output().slice(-600)}`);
    if (address !== null) url = address;
  };

  /** Signals a process that shall end, and gives how it ended. */
  const end = async (place: Place, signal: NodeJS.Signals): Promise<number | string | null> => {
    const entry = living.get(place);
    if (entry === undefined) return null;
    entry.expected = true;
    entry.member.child.kill(signal);
    const how = await within(entry.member.ended, endWithinMs);
    if (how === 'late') entry.member.child.kill('SIGKILL');
    return how;
  };

  const revive = async (): Promise<void> => {
    for (const place of places) if (!living.has(place)) await start(place);
  };

  await Promise.all(places.map(start));
  return {
    cluster,
    links,
    places,
    findings,
    call: createCall(() => url, cluster.adminToken),
    end,
    start,
    /** Starts again what ended by itself. */
    revive,
    /** Stops a process for a while; it is told nothing. */
    freeze: async (place: Place, ms: number): Promise<void> => {
      const child = living.get(place)?.member.child;
      child?.kill('SIGSTOP');
      await sleep(ms);
      child?.kill('SIGCONT');
    },
    starts: (): number => starts,
    /** SIGTERM to all, the writer of the read models last. */
    endAll: async (): Promise<void> => {
      ending = true;
      const stop = async (place: Place): Promise<void> => {
        const how = await end(place, 'SIGTERM');
        if (how !== 0)
          findings.push({ kind: how === 'late' ? 'stuck' : 'wrong', text: `the last stop of ${place.role} ended with ${how}` });
      };
      await Promise.all(places.filter(({ role }) => role !== 'projections').map(stop));
      await Promise.all(places.filter(({ role }) => role === 'projections').map(stop));
    },
    close: async (): Promise<void> => {
      ending = true;
      await cluster.stop();
      await Promise.all([links.broker.close(), links.database.close()]);
    },
  };
};

export type Fleet = Awaited<ReturnType<typeof startFleet>>;
