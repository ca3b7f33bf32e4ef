import { Command, CommanderError, Option } from 'commander';
import { readVersion } from '../config.ts';
import { addAdmin } from './commands/admin.ts';
import { addEntities } from './commands/entities.ts';
import { addJobs } from './commands/jobs.ts';
import { addMigrate } from './commands/migrate.ts';
import { addParked } from './commands/parked.ts';
import { addRuns } from './commands/runs.ts';
import { addSchedules } from './commands/schedules.ts';
import { addStart } from './commands/start.ts';
import { addStreams } from './commands/streams.ts';
import { addWebhooks } from './commands/webhooks.ts';
import type { Common } from './connect.ts';
import { describe, exits } from './exit.ts';
import { addExamples, addTwins } from './flags.ts';
import { safe, say } from './output.ts';

const examples = `Examples:
  carillon start --demo                     a first look, with sample facts
  carillon list                             jobs, their last run and their health
  carillon trigger escrow-release --wait    run a job now and see what it changed
  carillon why giving.escrow-7f3a           why an actor is as it is`;

/** Everything a command needs: its parent program, and the flags that all commands share. */
export type Cli = {
  readonly program: Command;
  /** The shared flags of the command that runs. */
  common(): Common;
};

const bare = (): Cli => {
  const program = new Command('carillon')
    .description('Background jobs that account for every tick, do every effect once, and explain every change.')
    .version(readVersion().version)
    .addHelpText('before', `${examples}\n`)
    .addOption(new Option('--folder <dir>', 'folder of an embedded Carillon').env('CARILLON_FOLDER'))
    .addOption(new Option('--config <file>', 'configuration file').env('CARILLON_CONFIG'))
    .addOption(new Option('--url <url>', 'address of a running Carillon').env('CARILLON_URL'))
    .addOption(new Option('--token-file <file>', 'file with the token to use').env('CARILLON_TOKEN_FILE'))
    .addOption(
      new Option('-o, --output <format>', 'how to print').choices(['table', 'json', 'ndjson']).default('table').env('CARILLON_OUTPUT'),
    )
    .addOption(new Option('--color <when>', 'colours').choices(['auto', 'always', 'never']).default('auto').env('CARILLON_COLOR'))
    .showHelpAfterError('Add --help for the flags and examples.')
    .showSuggestionAfterError()
    .exitOverride();
  return { program, common: () => program.opts<Common>() };
};

/** The whole command line, with nothing read yet. */
export const buildCli = (): Cli => {
  const cli = bare();
  for (const add of [addStart, addJobs, addRuns, addEntities, addSchedules, addParked, addStreams, addWebhooks, addMigrate, addAdmin])
    add(cli);
  addTwins(cli.program);
  addExamples(cli.program);
  return cli;
};

/** `carillon ... | head` closes the pipe: that is an end, not a failure. */
const endWithThePipe = (error: NodeJS.ErrnoException): void => {
  if (error.code === 'EPIPE') process.exit(exits.done);
  throw error;
};

/** Runs one command line and returns its exit code; trouble is told on stderr, ending with the next step. */
export const runCli = async (argv: readonly string[]): Promise<number> => {
  process.stdout.on('error', endWithThePipe);
  const cli = buildCli();
  try {
    await cli.program.parseAsync([...argv]);
    return Number(process.exitCode ?? exits.done);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exits.done : exits.usage;
    const { exit, lines } = describe(error);
    say(`carillon: ${safe(lines[0] ?? '')}`, ...lines.slice(1).map((line) => `  next: ${safe(line)}`));
    return exit;
  }
};
