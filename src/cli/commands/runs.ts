import type { Client } from '../client.ts';
import { withClient } from '../connect.ts';
import { CliEnd, exits } from '../exit.ts';
import { type Column, printOne, printRows, progressBar, say, when } from '../output.ts';
import type { Cli } from '../program.ts';
import { pathOf, type Run, runColumns, seconds, waitForRun } from '../runs.ts';

type Event = { readonly stream: string; readonly type: string; readonly metadata: { readonly asOf: string; readonly rule: string } };

const eventColumns: readonly Column<Event>[] = [
  { title: 'STREAM', of: (event) => event.stream },
  { title: 'EVENT', of: (event) => event.type },
  { title: 'TOOK EFFECT', of: (event) => when(event.metadata.asOf) },
  { title: 'RULE', of: (event) => event.metadata.rule },
];

const show = async (cli: Cli, client: Client, slot: string, limit: number): Promise<void> => {
  const common = cli.common();
  const run = await client.call<Run>('GET', pathOf(slot));
  const { events } = await client.call<{ events: Event[] }>('GET', `${pathOf(slot)}/events?limit=${limit}`);
  if (common.output !== 'table') return printOne(common, { ...run, appended: events }, []);
  const by = run.by === null ? '' : ` by ${run.by}`;
  const reason = run.reason === null ? '' : ` ("${run.reason}")`;
  printOne(common, run, [
    `${run.slot}`,
    `  ${run.verdict}${run.message === null ? '' : `: ${run.message}`}; ${run.cause}${by}${reason}, schedule v${run.version}`,
    `  opened ${when(run.openedAt)}, closed ${when(run.closedAt)}${run.durationMs === null ? '' : `, ${run.durationMs} ms`}`,
    `  due ${run.due}, changed ${run.changed}, parked ${run.parked}`,
    '',
  ]);
  printRows(common, eventColumns, events, 'It appended nothing.');
  const [first] = events;
  if (first !== undefined) say(`next: carillon why ${first.stream}`);
};

export const addRuns = (cli: Cli): void => {
  const runs = cli.program.command('runs').description('opened slots and their verdicts');
  runs
    .command('list')
    .description('newest first')
    .option('--job <job>', 'of one job')
    .option('--verdict <verdict>', 'open, completed, failed, cancelled or timed-out')
    .option('--limit <n>', 'how many', '20')
    .action((options: { job?: string; verdict?: string; limit: string }) =>
      withClient(cli.common(), async (client) => {
        const query = new URLSearchParams({
          limit: options.limit,
          ...(options.job === undefined ? {} : { job: options.job }),
          ...(options.verdict === undefined ? {} : { verdict: options.verdict }),
        });
        const { runs: rows } = await client.call<{ runs: Run[] }>('GET', `/api/v1/runs?${query}`);
        printRows(cli.common(), runColumns, rows, 'No run yet. next: carillon trigger <job>');
      }),
    );
  runs
    .command('show <slot>')
    .description('one run and what it appended')
    .option('--limit <n>', 'how many events', '50')
    .action((slot: string, { limit }: { limit: string }) => withClient(cli.common(), (client) => show(cli, client, slot, Number(limit))));
  runs
    .command('watch <slot>')
    .description('follow a run to its verdict')
    .option('--timeout <time>', 'give up after: 30s, 5m', '10m')
    .action((slot: string, { timeout }: { timeout: string }) =>
      withClient(cli.common(), async (client) => {
        const bar = progressBar('actors');
        const run = await waitForRun(client, slot, seconds(timeout), (now) => bar.at(now.changed, Math.max(now.due, now.changed))).finally(
          bar.end,
        );
        printRows(cli.common(), runColumns, [run], '');
        if (run.verdict !== 'completed') throw new CliEnd(exits.runFailed, `The run ended ${run.verdict}`, `carillon runs show ${slot}`);
      }),
    );
  runs
    .command('cancel <slot>')
    .description('stop a run; what it changed stays')
    .requiredOption('--reason <text>', 'why, recorded with the run')
    .action((slot: string, { reason }: { reason: string }) =>
      withClient(cli.common(), async (client) =>
        printOne(cli.common(), await client.call('POST', `${pathOf(slot)}/cancel`, { reason }), [`${slot} is cancelled`]),
      ),
    );
  runs
    .command('approve <slot>')
    .description('let a held run go on')
    .requiredOption('--reason <text>', 'why, recorded with the run')
    .action((slot: string, { reason }: { reason: string }) =>
      withClient(cli.common(), async (client) =>
        printOne(cli.common(), await client.call('POST', `${pathOf(slot)}/approve`, { reason }), [`${slot} goes on`]),
      ),
    );
};
