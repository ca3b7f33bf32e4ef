import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { contextDefinitions } from '../../src/contexts/index.ts';
import { type Env, isHealthCommand, knownVariables, madeSecrets, read, readAllYaml, readYaml, root, startedWith } from './support.ts';

type Probe = {
  readonly exec?: { readonly command: readonly string[] };
  readonly httpGet?: { readonly path: string; readonly port: string };
};
type Container = {
  readonly image: string;
  readonly args: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value: string }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly startupProbe: Probe;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
  readonly resources: { readonly requests: Env; readonly limits: Env };
  readonly securityContext: unknown;
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
};
type Labels = Readonly<Record<string, string>>;
type Pod = {
  readonly terminationGracePeriodSeconds: number;
  readonly automountServiceAccountToken: boolean;
  readonly enableServiceLinks: boolean;
  readonly securityContext: unknown;
  readonly containers: readonly Container[];
  readonly volumes: readonly { readonly name: string; readonly secret?: { readonly secretName: string } }[];
};
type Manifest = {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Env;
  readonly stringData?: Env;
  readonly spec: {
    readonly selector: Labels & { readonly matchLabels: Labels };
    readonly template: { readonly metadata: { readonly labels: Labels }; readonly spec: Pod };
    readonly minAvailable?: number;
    readonly replicas?: number;
    readonly ports?: readonly { readonly targetPort: string }[];
  };
};

const { resources, images } = readYaml<{ resources: string[]; images: { name: string; newTag: string }[] }>('deploy/kustomization.yaml');
const manifests = resources.flatMap((file) => readAllYaml<Manifest>(`deploy/${file}`));
const ofKind = (kind: string): Manifest[] => manifests.filter((each) => each.kind === kind);
const shared = ofKind('ConfigMap')[0]!.data!;
const deployments = ofKind('Deployment').map(({ metadata, spec }) => {
  const pod = spec.template.spec;
  const container = pod.containers[0]!;
  const env: Env = { ...shared, ...Object.fromEntries((container.env ?? []).map(({ name, value }) => [name, value])) };
  return { name: metadata.name, spec, pod, container, env };
});

it('kustomization.yaml names every manifest, and not the template of the secret', () => {
  const files = readdirSync(join(root, 'deploy')).filter((file) => file.endsWith('.yaml'));
  expect(files.filter((file) => !resources.includes(file)).sort()).toEqual(['kustomization.yaml', 'secrets.example.yaml']);
});

it('the deployments together do all there is to do', async () => {
  const secrets = madeSecrets();
  const started = await Promise.all(deployments.map(({ container, env }) => startedWith(container.args, env, secrets)));
  expect(started.flatMap(({ roles }) => roles.handles).sort()).toEqual(['engine', ...contextDefinitions.map(({ name }) => name)].sort());
  for (const role of ['ticker', 'projections', 'api'] as const) expect(started.filter(({ roles }) => roles[role]).length, role).toBe(1);
  expect(started.every(({ roles }) => roles.shared)).toBe(true);
});

it('every variable is one that the code reads', async () => {
  const known = await knownVariables();
  for (const { name, env } of deployments)
    expect(
      Object.keys(env).filter((each) => !known.has(each)),
      name,
    ).toEqual([]);
});

it('the secret has a key for each file that is named, and no value', () => {
  const [secret] = readAllYaml<Manifest>('deploy/secrets.example.yaml');
  const files = Object.entries(shared).filter(([name]) => name.endsWith('_FILE'));
  expect(files.map(([, path]) => path).sort()).toEqual(
    Object.keys(secret!.stringData!)
      .map((key) => `/run/secrets/carillon/${key}`)
      .sort(),
  );
  expect(Object.values(secret!.stringData!).every((value) => value === '')).toBe(true);
  for (const file of [...resources, 'secrets.example.yaml']) expect(read(`deploy/${file}`)).not.toMatch(/guest|changeit|:\/\/\w+:\w+@/);
  for (const { name, pod } of deployments)
    expect(pod.volumes.find((volume) => volume.name === 'secrets')?.secret?.secretName, name).toBe(secret!.metadata.name);
});

describe.each(deployments)('$name', ({ spec, pod, container, env, name }) => {
  it('is confined', () => {
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(pod.automountServiceAccountToken).toBe(false);
    // A Service called "carillon" would set CARILLON_PORT to an address.
    expect(pod.enableServiceLinks).toBe(false);
    expect(container.resources.limits.memory).toMatch(/^\d+[MG]i$/);
    expect(container.resources.requests).toMatchObject({ cpu: expect.any(String), memory: expect.any(String) });
    expect(container.image).toBe(`carillon:${images[0]!.newTag}`);
    expect(container.volumeMounts.map(({ mountPath }) => mountPath)).toEqual(expect.arrayContaining(['/data', '/tmp']));
    for (const mount of container.volumeMounts) expect(pod.volumes.map((volume) => volume.name)).toContain(mount.name);
  });

  it('is given longer to stop than it takes', async () => {
    const { config } = await startedWith(container.args, env, madeSecrets());
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(config.drainSeconds + 5);
  });

  it('is probed by checks that exist, and a server that is down restarts nothing', () => {
    const { startupProbe, readinessProbe, livenessProbe, ports } = container;
    if (name === 'api') {
      expect(ports).toEqual([{ name: 'http', containerPort: Number(env.CARILLON_PORT) }]);
      expect([startupProbe, livenessProbe, readinessProbe].map(({ httpGet }) => httpGet)).toEqual([
        { path: '/livez', port: 'http' },
        { path: '/livez', port: 'http' },
        { path: '/readyz', port: 'http' },
      ]);
      return;
    }
    expect(ports).toBeUndefined();
    const commands = [startupProbe, livenessProbe, readinessProbe].map(({ exec }) => exec!.command);
    expect(commands.map(isHealthCommand)).toEqual([true, true, true]);
    expect(commands.map((command) => command.at(-1))).toEqual(['broker', 'wedged', 'broker']);
  });

  it('keeps one while a node is drained, and its selectors find it', () => {
    const { labels } = spec.template.metadata;
    expect(spec.selector.matchLabels).toEqual(labels);
    const budget = ofKind('PodDisruptionBudget').find((each) => each.metadata.name === name)!;
    expect(budget.spec).toEqual({ minAvailable: 1, selector: { matchLabels: labels } });
    expect(spec.replicas).toBeGreaterThan(1);
  });
});

it('the service leads to the api', () => {
  const api = deployments.find(({ name }) => name === 'api')!;
  const [service] = ofKind('Service');
  expect(service!.spec.selector).toEqual(api.spec.template.metadata.labels);
  expect(service!.spec.ports?.map(({ targetPort }) => targetPort)).toEqual(['http']);
});

it('the paths of the probes are routes', () => {
  for (const path of ['/livez', '/readyz']) expect(read('src/api/routes/health.ts')).toContain(`'${path}'`);
});
