import closeWithGrace from 'close-with-grace';
import { Option } from 'commander';
import type { App } from '../../app.ts';
import { loadConfig, readVersion } from '../../config.ts';
import type { Explanation } from '../../projections/why.ts';
import { formatWhy } from '../../projections/why-format.ts';
import { CliEnd, exits } from '../exit.ts';
import { bold, print, progressBar, say, table } from '../output.ts';
import type { Cli } from '../program.ts';
import { type Run, runColumns } from '../runs.ts';
import { flagsFor, self } from '../self.ts';

type StartOptions = {
  readonly demo?: boolean;
  readonly once?: boolean;
  readonly port?: string;
  readonly host?: string;
  readonly context?: string;
};

const shownRuns = 25;

/** The newest runs that changed something; the rest is counted. */
const tell = (cli: Cli, runs: readonly Run[]): void => {
  const busy = runs.filter((run) => run.due > 0 || run.verdict !== 'completed');
  const shown = busy.slice(-shownRuns);
  const [head = '', ...lines] = table(runColumns, shown);
  print(bold(cli.common(), head), ...lines);
  const more = busy.length - shown.length;
  if (more > 0) print(`... and ${more} runs before these; "carillon runs list" has all of them`);
};

const explain = async (app: App, entity: string): Promise<void> => {
  const { body } = await app.inject('GET', `/api/v1/entities/${encodeURIComponent(entity)}/why`);
  print('', ...formatWhy(body as Explanation));
};

const nextCommands = (self: string, example: string | null): string[] => [
  `${self} list`,
  `${self} trigger escrow-release --wait --reason "a first try"`,
  `${self} ${example === null ? 'schedules list' : `why ${example}`}`,
];

const demo = async (cli: Cli, app: App): Promise<{ example: string | null; failed: boolean }> => {
  const { runDemo } = await import('../../demo.ts');
  const bar = progressBar('sample facts');
  const result = await runDemo(app, bar.at);
  bar.end();
  tell(cli, result.runs);
  if (result.example !== null) await explain(app, result.example);
  return result;
};

/**
 * Told to stop while it serves, it is done; told before that, it ends with 130 and the next start goes on from there.
 * A second signal, or a drain that takes too long, does not wait: the log makes up for it, as after a kill.
 */
const drainOnSignals = (app: App, drainSeconds: number, life: { serving: boolean; stopping: boolean }) =>
  closeWithGrace(
    {
      delay: drainSeconds * 1_000,
      logger: false,
      onSecondSignal: () => process.exit(exits.interrupted),
      onTimeout: () =>
        say(`carillon: what is in hand took longer than ${drainSeconds} s`, '  next: start again; it goes on where this stopped'),
    },
    async ({ err, signal }) => {
      life.stopping = true;
      if (err) say(`carillon: ${err.message}`);
      if (signal !== undefined) say('Stopping: what is in hand is finished first; once more ends it at once.');
      await app.close();
      if (signal !== undefined && !life.serving) process.exit(exits.interrupted);
    },
  );

const start = async (cli: Cli, roles: readonly string[], { demo: withDemo, once, port, host, context }: StartOptions): Promise<void> => {
  const { folder, config: configFile } = cli.common();
  const config = await loadConfig({
    ...(folder === undefined ? {} : { folder }),
    ...(configFile === undefined ? {} : { configFile }),
    ...(port === undefined ? {} : { port: Number(port) }),
    ...(host === undefined ? {} : { host }),
    ...(roles.length === 0 ? {} : { role: roles.join(',') }),
    ...(context === undefined ? {} : { context }),
  });
  const where = config.store === 'sqlite' ? config.folder : `${config.store}, role ${config.role}`;
  say(`Carillon ${readVersion().version} in ${where}`);
  const { createApp } = await import('../../app.ts');
  const facts = withDemo ? { facts: (await import('../../demo.ts')).demoFacts() } : {};
  const app = await createApp(config, { ...facts, listen: !once });
  const life = { serving: false, stopping: false };
  const grace = drainOnSignals(app, config.drainSeconds, life);
  try {
    const result = withDemo ? await demo(cli, app) : { example: null, failed: false };
    if (once) {
      const failed = withDemo ? result.failed : await (await import('../../demo.ts')).runDemo(app).then((each) => each.failed);
      await app.close();
      grace.uninstall();
      if (failed) throw new CliEnd(exits.runFailed, 'A run failed', 'carillon runs list --verdict failed');
      return;
    }
    life.serving = true;
    if (app.url === null) return print('', `Carillon runs as ${config.role}`, '  Ctrl-C stops it; what is in hand is finished first.');
    print(
      '',
      `Carillon listens on ${app.url}`,
      `  admin token in ${app.tokenFile}`,
      '  next, in another terminal:',
      ...nextCommands(`${self()}${flagsFor(config.folder, configFile)}`, result.example).map((line) => `    ${line}`),
      '  Ctrl-C stops it; what is in hand is finished first.',
    );
  } catch (error) {
    if (life.stopping) throw new CliEnd(exits.interrupted, 'Interrupted', 'Start again: it goes on where this stopped.');
    await app.close();
    throw error;
  }
};

export const addStart = (cli: Cli): void => {
  cli.program
    .command('start [roles...]')
    .description('run Carillon: all of it in this folder, or some of ticker, handlers, projections, api on shared servers')
    .option('--demo', 'import the sample facts of examples/ first')
    .option('--once', 'catch up, then end; 7 when a run failed')
    .addOption(new Option('--port <port>', 'port to listen on').env('CARILLON_PORT'))
    .addOption(new Option('--host <host>', 'address to listen on').env('CARILLON_HOST'))
    .addOption(new Option('--context <names>', 'the contexts whose actors it handles, with commas between').env('CARILLON_CONTEXT'))
    .action((roles: string[], options: StartOptions) => start(cli, roles, options));
};
