import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { exchanges } from '../../src/ports/broker.ts';
import { message, tracedWorld } from './world.ts';

/** Takes connections and never answers. */
const blackHole = async (): Promise<string> => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => void sockets.add(socket.on('error', () => undefined)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

/** A port of which nobody listens any more. */
const refused = async (): Promise<string> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
};

const collectors: readonly (readonly [string, () => Promise<string>])[] = [
  ['never answers', blackHole],
  ['refuses', refused],
];

describe.each(collectors)('a collector that %s', (_name, start) => {
  it('holds a shutdown up for one second at most, and is said in the log', async () => {
    const { telemetry, broker, lines } = await tracedWorld({ OTEL_EXPORTER_OTLP_ENDPOINT: await start() });
    for (let turn = 0; turn < 2_000; turn++) await broker.publish(exchanges.ticks, 'house.lamps.00', message(`slot-${turn}`));
    const started = performance.now();
    await Promise.all([telemetry.shutdown(), telemetry.shutdown()]);
    expect(performance.now() - started).toBeLessThan(1_300);
    expect(lines.map((line) => JSON.parse(line) as { level: string }).filter(({ level }) => level === 'warn').length).toBeGreaterThan(0);
    expect(await telemetry.metrics()).toBeNull();
  });

  it('keeps no process alive', async () => {
    const env = {
      ...process.env,
      OTEL_EXPORTER_OTLP_ENDPOINT: await start(),
      OTEL_BSP_SCHEDULE_DELAY: '50',
      OTEL_EXPORTER_OTLP_TIMEOUT: '10000',
    };
    const child = spawn(process.execPath, [join(import.meta.dirname, 'stuck-child.ts')], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    const exited = once(child, 'exit');
    const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
    const said = performance.now();
    expect((JSON.parse(line) as { shutdownMs: number }).shutdownMs).toBeLessThan(1_300);
    expect(await exited).toEqual([0, null]);
    // The exporter's own wait before its next try, which Node cannot be told to drop, is the most that may be left.
    expect(performance.now() - said).toBeLessThan(2_500);
  });
});

it('spans that find no place are counted, and said once', async () => {
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: await blackHole(), OTEL_BSP_MAX_QUEUE_SIZE: '100', OTEL_BSP_SCHEDULE_DELAY: '60000' };
  const { telemetry, broker, lines } = await tracedWorld(env);
  for (let turn = 0; turn < 250; turn++) await broker.publish(exchanges.ticks, 'house.lamps.00', message(`slot-${turn}`));
  const dropped = /carillon_spans_dropped_total\{reason="queue-full"\} (\d+)/.exec((await telemetry.metrics()) ?? '');
  expect(Number(dropped?.[1])).toBe(50);
  expect(lines.filter((line) => line.includes('spans are lost'))).toHaveLength(1);
  await telemetry.shutdown();
});

it('what a failed export lost is counted', async () => {
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: await refused(), OTEL_EXPORTER_OTLP_TIMEOUT: '200', OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '10' };
  const { telemetry, broker } = await tracedWorld(env);
  for (let turn = 0; turn < 10; turn++) await broker.publish(exchanges.ticks, 'house.lamps.00', message(`slot-${turn}`));
  for (let text = ''; !text.includes('carillon_spans_dropped_total{reason="export-failed"} 10'); ) {
    text = (await telemetry.metrics()) ?? '';
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
});
