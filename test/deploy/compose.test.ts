import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { contextDefinitions } from '../../src/contexts/index.ts';
import { type Env, isHealthCommand, knownVariables, madeSecrets, read, readYaml, startedWith } from './support.ts';

type Secret = string | { readonly source: string; readonly target: string };
type Service = {
  readonly image: string;
  readonly build?: string;
  readonly user: string;
  readonly command?: readonly string[];
  readonly environment?: Env;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly privileged?: boolean;
  readonly mem_limit?: string;
  readonly ports?: readonly string[];
  readonly tmpfs?: readonly string[];
  readonly networks: readonly string[];
  readonly stop_grace_period?: string;
  readonly secrets?: readonly Secret[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
};
type Compose = {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
};

const compose = readYaml<Compose>('docker-compose.yml');
const services = Object.entries(compose.services);
const ours = services.filter(([, { build }]) => build !== undefined);
const servers = ['rabbitmq', 'kurrentdb', 'postgres'];
const nameOf = (secret: Secret): string => (typeof secret === 'string' ? secret : secret.source);

describe('the roles of docker-compose.yml', () => {
  it('are a container each, and together do all there is to do', async () => {
    const secrets = madeSecrets();
    const started = await Promise.all(ours.map(([, { command, environment }]) => startedWith(command!, environment!, secrets)));
    expect(started.filter(({ roles }) => roles.ticker).length).toBe(1);
    expect(started.filter(({ roles }) => roles.projections).length).toBe(1);
    expect(started.filter(({ roles }) => roles.api).length).toBe(1);
    const handled = started.flatMap(({ roles }) => roles.handles);
    expect(handled.sort()).toEqual(['engine', ...contextDefinitions.map(({ name }) => name)].sort());
    for (const { config, roles } of started) {
      expect(roles.shared).toBe(true);
      expect(config).toMatchObject({ store: 'kurrentdb', readModels: 'postgres', broker: 'rabbitmq' });
    }
  });

  it('are given only variables that the code reads', async () => {
    const known = await knownVariables();
    for (const [name, { environment }] of ours)
      expect(
        Object.keys(environment!).filter((each) => !known.has(each)),
        name,
      ).toEqual([]);
  });

  it('listen where they are published, and nowhere without HTTP', async () => {
    const { config } = await startedWith(compose.services.api!.command!, compose.services.api!.environment!, madeSecrets());
    expect(compose.services.api!.ports).toEqual([`127.0.0.1:7070:${config.port}`]);
    expect(config).toMatchObject({ host: '0.0.0.0', behindTls: true });
    for (const [name, { ports }] of ours) if (name !== 'api') expect(ports, name).toBeUndefined();
  });

  it('have a health check that exists: HTTP where there is HTTP, else the connection to the broker', () => {
    for (const [name, { healthcheck }] of ours) {
      const [kind, ...command] = healthcheck!.test;
      expect([kind, isHealthCommand(command), command.at(-1)], name).toEqual(['CMD', true, name === 'api' ? 'http' : 'broker']);
    }
  });

  it('start when the servers are well, and are given longer to stop than they take', async () => {
    const secrets = madeSecrets();
    for (const [name, { depends_on, stop_grace_period, environment, command }] of ours) {
      for (const server of servers) expect(depends_on?.[server], `${name} ${server}`).toEqual({ condition: 'service_healthy' });
      const { config } = await startedWith(command!, environment!, secrets);
      expect(Number.parseInt(stop_grace_period!, 10), name).toBeGreaterThan(config.drainSeconds);
      expect(stop_grace_period).toMatch(/^\d+s$/);
    }
  });

  it('come after those that answer what they ask at their start', () => {
    const waits = (name: string): string[] => Object.keys(compose.services[name]!.depends_on!);
    expect(waits('ticker')).toEqual(expect.arrayContaining(contextDefinitions.map(({ name }) => `handlers-${name}`)));
    expect(waits('api')).toEqual(expect.arrayContaining(['handlers-engine', 'projections']));
  });

  it('write only to a folder of their own in memory', () => {
    for (const [name, { tmpfs, user }] of ours) {
      expect(
        tmpfs!.map((mount) => mount.split(':')[0]),
        name,
      ).toContain('/data');
      expect(user, name).toBe('1000:1000');
    }
    expect(read('Dockerfile')).toMatch(/^USER 1000:1000$/m);
    expect(read('Dockerfile')).toMatch(/CARILLON_FOLDER=\/data$/m);
  });
});

describe('every container of docker-compose.yml', () => {
  it.each(services)('%s is confined', (name, service) => {
    expect(service.read_only).toBe(true);
    expect(service.cap_drop).toEqual(['ALL']);
    expect(service.security_opt).toEqual(['no-new-privileges:true']);
    expect(service.privileged).toBeUndefined();
    expect(service.user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(service.mem_limit).toMatch(/^\d+[mg]$/);
    expect(service.image, 'a tag that names a version').toMatch(/^[\w./-]+:v?\d+\.\d+[\w.-]*$/);
    for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
    for (const secret of service.secrets ?? []) expect(Object.keys(compose.secrets)).toContain(nameOf(secret));
    for (const network of service.networks) expect(Object.keys(compose.networks)).toContain(network);
    for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
      expect(compose.services[other], `${name} waits for ${other}`).toBeDefined();
      if (condition === 'service_healthy') expect(compose.services[other]!.healthcheck).toBeDefined();
    }
  });

  it('keeps broker, store and database off the machine and off the internet', () => {
    expect(compose.networks.servers!.internal).toBe(true);
    for (const server of servers) expect(compose.services[server]).toMatchObject({ networks: ['servers'] });
    for (const server of servers) expect(compose.services[server]!.ports).toBeUndefined();
  });

  it('holds no password: they are files, all made by deploy/make-secrets.js, each its own', () => {
    expect(read('docker-compose.yml')).not.toMatch(/guest|changeit|admin:|secret:|:\/\/[^/\s]*:[^/\s]*@/i);
    for (const [, { environment }] of services)
      for (const [name, value] of Object.entries(environment ?? {}))
        if (/PASS|TOKEN|SECRET|_URL/.test(name)) expect(value).toMatch(/^\/run\/secrets\/\w+$/);
    const folder = madeSecrets();
    const made = readdirSync(folder);
    const files = Object.values(compose.secrets).map(({ file }) => file.replace('./deploy/secrets/', ''));
    expect(files.filter((file) => !made.includes(file))).toEqual([]);
    for (const file of made) expect(statSync(join(folder, file)).mode & 0o222, file).toBe(0);
    expect(statSync(folder).mode & 0o077).toBe(0);
    expect(read('deploy/secrets/.gitignore')).toBe('*\n!.gitignore\n');
  });
});
