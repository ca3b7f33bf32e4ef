import { describe, expect, it } from 'vitest';
import { type Config, loadConfig } from '../../src/config.ts';
import { deploymentOf } from '../../src/deployment.ts';

const servers = {
  CARILLON_STORE: 'postgres',
  CARILLON_READ_MODELS: 'postgres',
  CARILLON_BROKER: 'rabbitmq',
  CARILLON_POSTGRES_URL: 'postgres://carillon:secret@db:5432/carillon',
  CARILLON_RABBITMQ_URL: 'amqp://carillon:secret@mq:5672/',
};
const configOf = (env: Record<string, string>): Promise<Config> => loadConfig({ env });

it('alone everything is done; roles are some of it', async () => {
  const all = deploymentOf(await configOf({}));
  expect(all).toMatchObject({ ticker: true, projections: true, api: true, shared: false });
  expect(all.handles).toContain('engine');
  const some = deploymentOf(await configOf({ ...servers, CARILLON_ROLE: 'handlers, api', CARILLON_CONTEXT: 'giving' }));
  expect(some).toEqual({ ticker: false, handles: ['giving'], projections: false, api: true, shared: true });
});

describe('what cannot work is refused, naming the setting', () => {
  it.each([
    [{ CARILLON_ROLE: 'clock' }, 'CARILLON_ROLE'],
    [{ CARILLON_ROLE: 'ticker' }, 'CARILLON_STORE'],
    [{ ...servers, CARILLON_ROLE: 'handlers', CARILLON_CONTEXT: 'bank' }, 'CARILLON_CONTEXT'],
    [{ ...servers, CARILLON_READ_MODELS: 'sqlite' }, 'readModels'],
    [{ ...servers, CARILLON_BROKER: 'memory', CARILLON_ROLE: 'api' }, 'CARILLON_BROKER'],
    [{ ...servers, CARILLON_POSTGRES_URL: '' }, 'CARILLON_POSTGRES_URL_FILE'],
    [{ ...servers, CARILLON_RABBITMQ_URL: '' }, 'CARILLON_RABBITMQ_URL'],
    [{ ...servers, CARILLON_STORE: 'kurrentdb' }, 'CARILLON_KURRENTDB_URL'],
    [{ CARILLON_BROKER: 'rabbitmq', CARILLON_RABBITMQ_URL: 'amqp://x' }, 'rabbitmq'],
    [{ ...servers, CARILLON_POSTGRES_URL: 'postgres://postgres:postgres@db/carillon' }, 'default credentials'],
    [{ CARILLON_HOST: '0.0.0.0' }, 'CARILLON_BEHIND_TLS'],
  ])('%o', async (env, named) => {
    const config = await configOf(env as Record<string, string>);
    expect(() => deploymentOf(config)).toThrow(named);
  });

  it('a store that does not exist', async () => {
    await expect(configOf({ CARILLON_STORE: 'mongo' })).rejects.toThrow('store must be one of sqlite, kurrentdb, postgres');
  });
});

it('secrets are read from files and never printed', async () => {
  const config = await configOf({ ...servers, CARILLON_ADMIN_TOKEN: 'crl_x' });
  expect(JSON.stringify(config.values)).not.toContain('secret');
  expect(config.values).toMatchObject({ adminToken: '***', postgresUrl: 'postgres://carillon:***@db:5432/carillon' });
  expect(config.postgresUrl).toContain('secret');
  await expect(configOf({ CARILLON_POSTGRES_URL_FILE: '/nowhere/secret' })).rejects.toThrow('CARILLON_POSTGRES_URL_FILE: /nowhere/secret');
});
