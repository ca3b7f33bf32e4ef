import { join } from 'node:path';
import { chaosContexts } from '../../chaos/contexts.ts';
import { openPostgresEventStore } from '../../src/adapters/postgres/index.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import type { ContextDefinition } from '../../src/core/context.ts';
import { type Answered, clusterInstalled, type Member, startCluster } from '../support/cluster.ts';
import { auditCluster, usualPartitions } from './audit.ts';
import { followToRest, readLog } from './follow.ts';
import { createSender } from './sender.ts';

export const installed = clusterInstalled();

export type Role = 'ticker' | 'handlers' | 'projections' | 'api';
type How = number | string | null;

type Options = {
  readonly env?: NodeJS.ProcessEnv;
  /** What `config` runs. Without both: charity with holds that are over at once, released every other second. */
  readonly contexts?: readonly ContextDefinition[];
  readonly config?: string;
  /** Of each context. */
  readonly partitions?: number;
};

const hurriedConfig = join(import.meta.dirname, '../../chaos/carillon.config.ts');
const hurried = chaosContexts(async () => ({ kind: 'failed', message: 'nobody is paid here', final: true }));

/** Between two tries of a request that had no answer. */
const againMs = 200;
/** A client that hears nothing for this long asks again: its answer may have been lost with the broker. */
const answerWithinMs = 10_000;

type Call = (method: string, path: string, body?: unknown) => Promise<Answered>;

/** Opens slots by hand. While another slot is open, it asks again. Gives the slot's id. */
const createTrigger =
  (call: Call) =>
  async (job: string): Promise<string> => {
    for (;;) {
      const answer = await call('POST', `/api/v1/jobs/trigger/${encodeURIComponent(job)}`, { reason: 'test' }).catch(() => null);
      if (answer?.status === 200) return (answer.body as { slot: string }).slot;
      if (answer !== null && answer.status < 500 && answer.status !== 409) throw new Error(JSON.stringify(answer.body));
      await new Promise((resolve) => setTimeout(resolve, againMs));
    }
  };

/** The processes that run now. */
const createMembers = (start: (roles: readonly Role[], env: NodeJS.ProcessEnv) => Member) => {
  const running = new Map<Member, Role>();
  const stop = (wanted: (role: Role) => boolean): Promise<How[]> => {
    const members = [...running].flatMap(([member, role]) => (wanted(role) ? [member] : []));
    for (const { child } of members) child.kill('SIGTERM');
    return Promise.all(members.map(({ ended }) => ended));
  };
  return {
    up: async (role: Role, env: NodeJS.ProcessEnv = {}): Promise<{ readonly member: Member; readonly url: string | null }> => {
      const member = start([role], env);
      running.set(member, role);
      void member.ended.then(() => running.delete(member));
      return { member, url: await member.ready };
    },
    /** SIGTERM to every process, the writers of read models last; gives how each ended. */
    end: async (): Promise<readonly How[]> => [...(await stop((role) => role !== 'projections')), ...(await stop(() => true))],
  };
};

/** Private servers, processes of Carillon on them, a client that asks again for what it was not told, and the log. */
export const startWorld = async ({ env = {}, contexts = hurried, config = hurriedConfig, partitions = usualPartitions }: Options = {}) => {
  const settings = { CARILLON_SETTINGS_GIVING_HOLD_HOURS: '0', CARILLON_PARTITIONS: String(partitions) };
  const cluster = await startCluster({ ...settings, ...env }, ['--config', config]);
  const store = await openPostgresEventStore({ url: cluster.postgresUrl, clock: createSystemClock() });
  const members = createMembers(cluster.start);
  let api = '';
  const call: Call = (method, path, body) => cluster.call(api, method, path, body, answerWithinMs);
  const { send, acked } = createSender(call);
  const trigger = createTrigger(call);
  return {
    cluster,
    store,
    acked,
    call,
    send,
    trigger,
    /** Resolves when a new process of this role runs; calls go to the newest api. */
    up: async (role: Role, more: NodeJS.ProcessEnv = {}): Promise<Member> => {
      const { member, url } = await members.up(role, more);
      if (url !== null) api = url;
      return member;
    },
    settled: (withinMs: number) => followToRest(store, withinMs),
    read: () => readLog(store),
    /** Ends every process; gives how each ended and what is not as it must be. */
    audit: async (): Promise<{ readonly codes: readonly How[]; readonly findings: readonly string[] }> => {
      const endedAt = Date.now();
      const codes = await members.end();
      const url = cluster.postgresUrl;
      return { codes, findings: await auditCluster({ url, store, contexts, partitions, acked: [...acked.values()], endedAt }) };
    },
    /** Frees everything. */
    close: async (): Promise<void> => {
      await store.close();
      await cluster.stop();
    },
  };
};

export type World = Awaited<ReturnType<typeof startWorld>>;
