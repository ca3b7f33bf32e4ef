import { Option } from 'commander';
import type { Replay } from '../../simulation/replay.ts';
import type { Simulation } from '../../simulation/simulate.ts';
import type { Client } from '../client.ts';
import { withClient } from '../connect.ts';
import { CliEnd, exits } from '../exit.ts';
import { type Column, printOne, printRows, say, when } from '../output.ts';
import type { Cli } from '../program.ts';
import { type Run, runColumns, seconds, waitForRun } from '../runs.ts';

type JobNow = {
  readonly name: string;
  readonly schedule: string;
  readonly zone: string;
  readonly paused: { readonly reason: string } | null;
  readonly lastRun: string | null;
  readonly nextRun: string | null;
  readonly lastResult: { readonly verdict?: string } | null;
  readonly isRunning: boolean;
  readonly runs: number;
  readonly health: string;
  readonly healthMessage: string;
};

const jobColumns: readonly Column<JobNow>[] = [
  { title: 'JOB', of: (job) => job.name },
  { title: 'SCHEDULE', of: (job) => `${job.schedule} ${job.zone}` },
  { title: 'LAST RUN', of: (job) => when(job.lastRun) },
  { title: 'NEXT SLOT', of: (job) => when(job.nextRun) },
  { title: 'RUNS', right: true, of: (job) => String(job.runs) },
  { title: 'HEALTH', of: (job) => (job.isRunning ? `${job.health}, running` : job.health) },
  { title: 'WHY', of: (job) => job.healthMessage },
];

/** What a job would do, for people. */
export const simulationLines = (simulation: Simulation): string[] => [
  `${simulation.job} at ${when(simulation.asOf)}: ${simulation.due} due, ${simulation.changed} would change; nothing was appended`,
  ...Object.entries(simulation.events).map(([type, count]) => `  ${type} ${count}`),
  ...simulation.actors
    .slice(0, 20)
    .map((actor) => `  ${actor.stream}  ${actor.rule}  ${actor.events.map((event) => event.type).join(', ')}`),
  ...(simulation.actors.length > 20 ? [`  ... and ${simulation.due - 20} more; -o json has the first ${simulation.actors.length}`] : []),
];

/** Where today's code differs from the past, for people. */
const replayLines = ({ job, actors, decisions, equal, different }: Replay): string[] => [
  `${job}: ${decisions} recorded decisions of ${actors} actors, ${equal} the same today; nothing was appended`,
  ...different
    .slice(0, 20)
    .map(
      (each) =>
        `  ${each.stream} at ${when(each.at)}: recorded ${each.recorded.map((event) => event.type).join(', ')}; today ${each.today.map((event) => event.type).join(', ') || 'nothing'}`,
    ),
];

type TriggerOptions = {
  readonly wait?: boolean;
  readonly dryRun?: boolean;
  readonly at?: string;
  readonly reason?: string;
  readonly scope?: string;
  readonly timeout: string;
};
type Triggered = { readonly message: string; readonly slot?: string; readonly simulation?: Simulation };

const trigger = async (cli: Cli, client: Client, job: string, options: TriggerOptions): Promise<void> => {
  const common = cli.common();
  const body = {
    ...(options.at === undefined ? {} : { at: options.at }),
    ...(options.reason === undefined ? {} : { reason: options.reason }),
    ...(options.scope === undefined ? {} : { scope: options.scope }),
    ...(options.dryRun ? { dryRun: true } : {}),
  };
  const answer = await client.call<Triggered>('POST', `/api/v1/jobs/trigger/${encodeURIComponent(job)}`, body);
  if (answer.simulation !== undefined) return printOne(common, answer.simulation, simulationLines(answer.simulation));
  if (!options.wait || answer.slot === undefined) {
    return printOne(common, answer, [answer.message, `  slot ${answer.slot}`, `  next: carillon runs show ${answer.slot}`]);
  }
  const run = await waitForRun(client, answer.slot, seconds(options.timeout));
  printRows<Run>(common, runColumns, [run], '');
  if (run.verdict !== 'completed')
    throw new CliEnd(
      exits.runFailed,
      `The run ended ${run.verdict}${run.message === null ? '' : `: ${run.message}`}`,
      `carillon runs show ${run.slot}`,
    );
  if (common.output === 'table') say(`next: carillon runs show ${run.slot}`);
};

export const addJobs = (cli: Cli): void => {
  cli.program
    .command('list')
    .description('jobs and tasks: schedule, last run, next slot, health')
    .action(() =>
      withClient(cli.common(), async (client) => {
        const { data } = await client.call<{ data: { jobs: JobNow[] } }>('GET', '/api/v1/jobs/status');
        printRows(cli.common(), jobColumns, data.jobs, 'No job is defined: docs/write-a-job.md shows how.');
      }),
    );
  cli.program
    .command('trigger <job>')
    .description('run a job now, or open a past slot again')
    .option('--wait', 'wait for the verdict; 7 when the run fails')
    .option('--dry-run', 'only show what would change')
    .option('--at <instant>', 'a past slot of the schedule; with --dry-run any instant')
    .option('--reason <text>', 'why, recorded with the slot')
    .option('--scope <id>', 'the tenant whose schedule is meant')
    .addOption(new Option('--timeout <time>', 'with --wait: 30s, 5m').default('60s').env('CARILLON_TIMEOUT'))
    .action((job: string, options: TriggerOptions) => withClient(cli.common(), (client) => trigger(cli, client, job, options)));
  cli.program
    .command('simulate <job>')
    .description("what a job would do now or at an instant; or today's code on the recorded past; nothing is appended")
    .option('--at <instant>', 'an instant, also a later one')
    .option('--replay', "where today's code decides otherwise than was recorded; 1 when it does")
    .action((job: string, { at, replay }: { at?: string; replay?: boolean }) =>
      withClient(cli.common(), async (client) => {
        const path = `/api/v1/jobs/${encodeURIComponent(job)}`;
        if (replay) {
          const result = await client.call<Replay>('POST', `${path}/replay`, {});
          printOne(cli.common(), result, replayLines(result));
          if (result.equal < result.decisions)
            throw new CliEnd(exits.failed, `Today's code decides otherwise in ${result.decisions - result.equal} cases`);
          return;
        }
        const simulation = await client.call<Simulation>('POST', `${path}/simulate`, at === undefined ? {} : { at });
        printOne(cli.common(), simulation, simulationLines(simulation));
      }),
    );
};
