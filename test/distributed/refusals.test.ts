import { connect } from 'amqplib';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exchanges } from '../../src/ports/broker.ts';
import { escrowOrders } from './escrows.ts';
import { installed, startWorld, type World } from './world.ts';

const garbageBytes = 16 * 1024 * 1024;

describe.skipIf(!installed)('bad input on shared servers', () => {
  let world: World;
  type Change = Partial<Pick<URL, 'port' | 'pathname' | 'username' | 'password'>>;
  const url = (text: string, change: Change): string => Object.assign(new URL(text), change).href;
  const postgres = (change: Change): string => url(world.cluster.postgresUrl, change);
  const rabbit = (change: Change): string => url(world.cluster.rabbit.url, change);
  /** Starts a process that must refuse to start; gives its exit code and what it said. */
  const refused = async (roles: readonly string[], env: NodeJS.ProcessEnv): Promise<string> => {
    const { ended, output } = world.cluster.start(roles, env);
    return `${await ended}: ${output()}`;
  };

  beforeAll(async () => {
    world = await startWorld();
    await Promise.all((['projections', 'handlers', 'ticker', 'api'] as const).map((role) => world.up(role)));
  }, 120_000);
  afterAll(() => world?.close(), 60_000);

  // Together: most of their time is waiting.
  it.concurrent.each([
    ['no server at the PostgreSQL address', () => ({ CARILLON_POSTGRES_URL: postgres({ port: '1' }) }), /CARILLON_POSTGRES_URL/],
    ['a database that is not there', () => ({ CARILLON_POSTGRES_URL: postgres({ pathname: '/nowhere' }) }), /CARILLON_POSTGRES_URL/],
    ['a user that is not there', () => ({ CARILLON_POSTGRES_URL: postgres({ username: 'nobody' }) }), /CARILLON_POSTGRES_URL/],
    ['no server at the RabbitMQ address', () => ({ CARILLON_RABBITMQ_URL: rabbit({ port: '1' }) }), /CARILLON_RABBITMQ_URL/],
    ['a wrong password', () => ({ CARILLON_RABBITMQ_URL: rabbit({ password: 'wrong' }) }), /refused user "guest".*CARILLON_RABBITMQ_URL/],
    [
      'a vhost that is not there',
      () => ({ CARILLON_RABBITMQ_URL: rabbit({ pathname: '/nowhere' }) }),
      /vhost "nowhere".*CARILLON_RABBITMQ_URL/,
    ],
    [
      'default credentials elsewhere',
      () => ({ CARILLON_RABBITMQ_URL: 'amqp://guest:guest@rabbit.example:5672/' }),
      /default credentials.*CARILLON_RABBITMQ_URL|CARILLON_RABBITMQ_URL.*default credentials/,
    ],
    ['a role on SQLite', () => ({ CARILLON_STORE: 'sqlite', CARILLON_READ_MODELS: 'sqlite' }), /CARILLON_STORE/],
    ['a role without an address', () => ({ CARILLON_RABBITMQ_URL: '' }), /CARILLON_RABBITMQ_URL/],
    ['a role with a broker of its own', () => ({ CARILLON_BROKER: 'memory' }), /CARILLON_BROKER/],
    ['a context that is not there', () => ({ CARILLON_CONTEXT: 'taking' }), /CARILLON_CONTEXT/],
  ] as const)('%s: one clear error that names the setting', { timeout: 60_000 }, async (_what, env, says) => {
    const said = await refused(['handlers'], env());
    expect(said).toMatch(/^[12]: /);
    expect(said).toMatch(says);
    expect(said).not.toMatch(/ {4}at |guest:guest|wrong@/);
  });

  it('a role that there is none of', { timeout: 30_000 }, async () => {
    expect(await refused(['drummer'], {})).toMatch(/^2: [\s\S]*role "drummer".*CARILLON_ROLE/);
  });

  it('a schema of a newer Carillon is left alone', { timeout: 60_000 }, async () => {
    const newer = await world.cluster.postgres.createDatabase();
    const client = new Client({ connectionString: newer });
    await client.connect();
    try {
      await client.query(`CREATE SCHEMA carillon; CREATE TABLE carillon.schema_versions (part text PRIMARY KEY, version integer NOT NULL)`);
      await client.query(`INSERT INTO carillon.schema_versions VALUES ('events', 9999)`);
      expect(await refused(['handlers'], { CARILLON_POSTGRES_URL: newer })).toMatch(/^1: [\s\S]*has schema 9999 of events/);
    } finally {
      await client.end();
    }
  });

  it('a queue that somebody declared otherwise', { timeout: 60_000 }, async () => {
    const { ctl, url: address } = world.cluster.rabbit;
    await ctl('add_vhost', 'taken');
    await ctl('set_permissions', '-p', 'taken', 'guest', '.*', '.*', '.*');
    const there = url(address, { pathname: '/taken' });
    const connection = await connect(there);
    await (await connection.createChannel()).assertQueue('carillon.giving.03', { durable: true });
    await connection.close();
    const said = await refused(['handlers'], { CARILLON_RABBITMQ_URL: there });
    expect(said).toMatch(/"carillon\.giving\.03" that was declared otherwise.*CARILLON_RABBITMQ_URL/);
  });

  it('garbage, and 16 MiB of it, on a partition queue: parked, and the partition goes on', { timeout: 90_000 }, async () => {
    const connection = await connect(world.cluster.rabbit.url);
    const channel = await connection.createConfirmChannel();
    const junk: readonly Buffer[] = [
      Buffer.from('nonsense'),
      Buffer.from('{"to":'),
      Buffer.alloc(0),
      Buffer.from('null'),
      Buffer.alloc(garbageBytes, 7),
    ];
    for (const content of junk)
      for (let partition = 0; partition < 8; partition += 4)
        channel.publish(exchanges.commands, `giving.0${partition}`, content, {
          persistent: true,
          contentType: 'application/json',
          type: 'command',
        });
    await channel.waitForConfirms();
    await world.send(escrowOrders(0, 60));
    await world.settled(60_000);
    const parked = async (): Promise<number> => (await channel.checkQueue('carillon.parked')).messageCount;
    await expect.poll(parked, { timeout: 20_000 }).toBe(junk.length * 2);
    await connection.close();
  });

  it('and the rest has gone on: nothing lost, doubled or stuck', { timeout: 60_000 }, async () => {
    const { codes, findings } = await world.audit();
    expect(findings).toEqual([]);
    expect(codes).toEqual([0, 0, 0, 0]);
  });
});
