import { expect, it } from 'vitest';
import { openLeadership } from '../../../src/adapters/postgres/leadership.ts';
import { connect, onPostgres } from './support.ts';

const never = new AbortController().signal;

/** One lead of a process of its own. */
const holdLeadership = async ({ url, name, signal }: { url: string; name: string; signal: AbortSignal }) => {
  const leaderships = openLeadership({ url });
  const lead = await leaderships.hold(name, signal);
  if (lead === null) await leaderships.close();
  return lead === null ? null : { lost: lead.lost, release: leaderships.close };
};

onPostgres('leadership', (server) => {
  it('one leads; the next one follows when it releases, and when its connection dies', async () => {
    const url = await server().createDatabase();
    const first = await holdLeadership({ url, name: 'projector', signal: never });
    expect(first?.lost.aborted).toBe(false);
    const order: string[] = [];
    const second = holdLeadership({ url, name: 'projector', signal: never });
    const other = await holdLeadership({ url, name: 'another name', signal: never });
    expect(other).not.toBeNull();
    void second.then(() => order.push('second leads'));
    order.push('first releases');
    await first!.release();
    const follower = await second;
    expect(order).toEqual(['first releases', 'second leads']);

    const third = holdLeadership({ url, name: 'projector', signal: never });
    const lost = new Promise((resolve) => follower!.lost.addEventListener('abort', resolve));
    const admin = await connect(url);
    const killed = await admin.query(
      `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND mode = 'ExclusiveLock'
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    );
    expect(killed.rowCount).toBe(2);
    await lost;
    await (await third)!.release();
    await follower!.release();
    await other!.release();
  });

  it('waiting ends when it is told to, and leaves nothing behind', async () => {
    const url = await server().createDatabase();
    const leader = await holdLeadership({ url, name: 'projector', signal: never });
    const stop = new AbortController();
    const waiting = holdLeadership({ url, name: 'projector', signal: stop.signal });
    stop.abort();
    expect(await waiting).toBeNull();
    expect(await holdLeadership({ url, name: 'projector', signal: AbortSignal.abort() })).toBeNull();
    await leader!.release();
    const next = await holdLeadership({ url, name: 'projector', signal: never });
    await next!.release();
  });

  it('a lead goes with the server; it is held again when the server is back', async () => {
    const url = await server().createDatabase();
    const leader = await holdLeadership({ url, name: 'projector', signal: never });
    const lost = new Promise((resolve) => leader!.lost.addEventListener('abort', resolve));
    await server().kill();
    await lost;
    const again = holdLeadership({ url, name: 'projector', signal: never });
    await server().start();
    await (await again)!.release();
  });

  it('all leads of a process stand on one connection, each held once, and go and come with it', async () => {
    const url = await server().createDatabase();
    const leads = openLeadership({ url });
    const other = openLeadership({ url });
    const [a, b] = [await leads.hold('a', never), await leads.hold('b', never)];
    // Its own session would be given the lock again.
    const stop = new AbortController();
    const twice = leads.hold('a', stop.signal);
    const elsewhere = other.hold('a', never);
    await b!.release();
    expect(await other.hold('b', never)).not.toBeNull();
    const admin = await connect(url);
    const count = await admin.query(
      `SELECT count(DISTINCT pid)::integer AS n FROM pg_locks WHERE locktype = 'advisory' AND granted
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    );
    expect(count.rows[0].n).toBe(2);
    stop.abort();
    expect(await twice).toBeNull();
    await a!.release();
    expect(await elsewhere).not.toBeNull();
    await leads.close();
    await other.close();
  });

  it('a wrong user is config-invalid, not waited for', async () => {
    const url = `postgres://nobody@127.0.0.1:${server().port}/postgres`;
    await expect(holdLeadership({ url, name: 'projector', signal: never })).rejects.toMatchObject({ code: 'config-invalid' });
  });
});
