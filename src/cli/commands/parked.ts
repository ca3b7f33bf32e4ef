import { withClient } from '../connect.ts';
import { CliEnd, exits } from '../exit.ts';
import { type Column, printOne, printRows, when } from '../output.ts';
import type { Cli } from '../program.ts';

type Parked = {
  readonly id: string;
  readonly kind: string;
  readonly job: string;
  readonly about: string;
  readonly attempt: number;
  readonly message: string;
  readonly at: string;
};

const columns: readonly Column<Parked>[] = [
  { title: 'JOB', of: (row) => row.job },
  { title: 'ABOUT', of: (row) => row.about },
  { title: 'TRIES', right: true, of: (row) => String(row.attempt) },
  { title: 'SINCE', of: (row) => when(row.at) },
  { title: 'WHY', of: (row) => row.message },
  { title: 'ID', of: (row) => row.id },
];

const pathOf = (id: string): string => `/api/v1/parked/${encodeURIComponent(id)}`;

export const addParked = (cli: Cli): void => {
  const parked = cli.program.command('parked').description('what failed for good and waits for a person');
  parked
    .command('list')
    .description('newest first')
    .option('--job <job>', 'of one job, reactor or effect')
    .action(({ job }: { job?: string }) =>
      withClient(cli.common(), async (client) => {
        const query = job === undefined ? '' : `&job=${encodeURIComponent(job)}`;
        printRows(
          cli.common(),
          columns,
          (await client.call<{ parked: Parked[] }>('GET', `/api/v1/parked?limit=200${query}`)).parked,
          'Nothing is parked.',
        );
      }),
    );
  parked
    .command('show <id>')
    .description('one parked item with its state')
    .action((id: string) =>
      withClient(cli.common(), async (client) => {
        const row = await client.call<Parked & { state: unknown }>('GET', pathOf(id));
        printOne(cli.common(), row, [
          `${row.job} about ${row.about}`,
          `  parked ${when(row.at)} after ${row.attempt} tries: ${row.message}`,
          `  state ${JSON.stringify(row.state)}`,
          `  next: carillon parked replay ${row.id} --reason "..."`,
        ]);
      }),
    );
  const change = (verb: 'replay' | 'discard', description: string, done: string): void => {
    parked
      .command(`${verb} [id]`)
      .description(description)
      .requiredOption('--reason <text>', 'why, recorded with the item')
      .option('--import <id>', 'instead of one id: all held effects of this import')
      .action((id: string | undefined, options: { reason: string; import?: string }) =>
        withClient(cli.common(), async (client) => {
          const { reason, import: held } = options;
          if ((id === undefined) === (held === undefined))
            throw new CliEnd(exits.usage, 'Give an id or --import <id>, one of the two', 'carillon parked list shows both.');
          if (id !== undefined)
            return printOne(cli.common(), await client.call('POST', `${pathOf(id)}/${verb}`, { reason }), [`${id} ${done}`]);
          const all = await client.call<{ count: number }>('POST', `/api/v1/parked/${verb}`, { import: held!, reason });
          printOne(cli.common(), all, [`${all.count} effects: each ${done}`]);
        }),
      );
  };
  change('replay', 'try it again from the first attempt', 'is tried again');
  change('discard', 'let it go', 'is let go');
};
