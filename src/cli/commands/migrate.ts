import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Option } from 'commander';
import { type Config, loadConfig } from '../../config.ts';
import { CarillonError } from '../../core/errors.ts';
import type { Progress } from '../../migrate/move.ts';
import { CliEnd, exits } from '../exit.ts';
import { type Bar, printOne, progressBar, say } from '../output.ts';
import type { Cli } from '../program.ts';

type Target = 'postgres' | 'kurrentdb';

const labels = { resume: 'looking at what is there', copy: 'copying', verify: 'comparing' } as const;

/** A bar for each step, one after the other. */
const stepBars = (): { readonly progress: Progress; end(): void } => {
  let bar: Bar | null = null;
  let shown = '';
  return {
    progress: (step, done, total) => {
      if (shown !== step) {
        bar?.end();
        bar = progressBar(labels[step]);
        shown = step;
      }
      bar?.at(done, total);
    },
    end: () => bar?.end(),
  };
};

/** The configuration of the deployment that the folder moves to, as it is while nobody else runs there. */
const configFor = async (cli: Cli, store: Target): Promise<Config> => {
  const { folder, config: configFile } = cli.common();
  const config = await loadConfig({
    ...(folder === undefined ? {} : { folder }),
    ...(configFile === undefined ? {} : { configFile }),
  });
  // A copy without store.json would be taken for one with the default number of partitions.
  const missing = ['events.db', 'store.json'].find((name) => !existsSync(join(config.folder, name)));
  if (missing !== undefined)
    throw new CarillonError('not-found', `There is no ${missing} of an embedded Carillon in ${config.folder} (CARILLON_FOLDER, --folder)`);
  return { ...config, store, readModels: 'postgres', broker: 'memory', role: 'all', context: '' };
};

const migrate = async (cli: Cli, to: Target): Promise<void> => {
  const config = await configFor(cli, to);
  const [{ openMove }, { migrate }] = await Promise.all([import('../../app.ts'), import('../../migrate/migrate.ts')]);
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.once(signal, onSignal);
  const bars = stepBars();
  const move = await openMove(config);
  try {
    const done = await migrate(move, bars.progress, stop.signal);
    bars.end();
    if (done === null) throw new CliEnd(exits.interrupted, 'Interrupted', 'Run the same command again: it goes on where this stopped.');
    printOne(cli.common(), { ...done, from: config.folder, to }, [
      `${done.events} events (${done.found} were there already) and ${done.subjects} entries of the vault are in ${to}; both sides are equal:`,
      `  sha256 ${done.hash}`,
    ]);
    say(`Do not start Carillon on ${config.folder} again: put it away, and start with CARILLON_STORE=${to} (docs/deploy.md).`);
  } finally {
    for (const signal of signals) process.off(signal, onSignal);
    await move.close();
  }
};

export const addMigrate = (cli: Cli): void => {
  cli.program
    .command('migrate')
    .description('move a stopped folder to servers: log and vault; run again, it goes on where it stopped')
    .addOption(new Option('--from <store>', 'where it is').choices(['sqlite']).default('sqlite'))
    .addOption(new Option('--to <store>', 'where it goes').choices(['postgres', 'kurrentdb']).makeOptionMandatory())
    .action(({ to }: { to: Target }) => migrate(cli, to));
};
