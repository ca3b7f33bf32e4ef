import { confirm } from '../confirm.ts';
import { withClient } from '../connect.ts';
import { type Column, printOne, printRows, say, when } from '../output.ts';
import type { Cli } from '../program.ts';

type Schedule = {
  readonly key: string;
  readonly schedule: string | null;
  readonly zone: string | null;
  readonly status: string;
  readonly enabled: boolean;
  readonly version: number;
  readonly paused: { readonly reason: string | null } | null;
  readonly last: { readonly slot: string; readonly verdict: string } | null;
  readonly next: string | null;
};
type Planned = { readonly slot: string; readonly at: string; readonly status?: string };

const columns: readonly Column<Schedule>[] = [
  { title: 'SCHEDULE', of: (row) => row.key },
  { title: 'WHEN', of: (row) => `${row.schedule ?? '-'} ${row.zone ?? ''}`.trim() },
  { title: 'STATE', of: (row) => (row.paused ? `paused: ${row.paused.reason ?? ''}` : row.enabled ? row.status : 'disabled') },
  { title: 'NEXT', of: (row) => when(row.next) },
  { title: 'LAST', of: (row) => (row.last === null ? '-' : `${row.last.verdict} ${row.last.slot.slice(row.last.slot.indexOf('@') + 1)}`) },
  { title: 'VERSION', right: true, of: (row) => String(row.version) },
];

const pathOf = (key: string): string => `/api/v1/schedules/${encodeURIComponent(key)}`;

type BackfillOptions = {
  readonly from: string;
  readonly to: string;
  readonly reason: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
};

const backfill = (cli: Cli, key: string, { from, to, reason, dryRun, yes }: BackfillOptions): Promise<void> =>
  withClient(cli.common(), async (client) => {
    const body = { from, to, reason };
    const plan = await client.call<{ slots: Planned[] }>('POST', `${pathOf(key)}/backfill`, { ...body, dryRun: true });
    const planColumns: readonly Column<Planned>[] = [
      { title: 'SLOT', of: (slot) => slot.slot },
      { title: 'INSTANT', of: (slot) => when(slot.at) },
    ];
    if (dryRun || plan.slots.length === 0)
      return printRows(
        cli.common(),
        planColumns,
        plan.slots,
        'No slot of this range is open for a backfill: all of them completed, or had nothing due.',
      );
    say(...plan.slots.map((slot) => `  ${slot.slot}`));
    await confirm(`Open ${plan.slots.length} slots of ${key} again?`, yes);
    const done = await client.call<{ slots: Planned[] }>('POST', `${pathOf(key)}/backfill`, body);
    printRows(cli.common(), planColumns, done.slots, '');
    say(`next: carillon runs list --job ${key}`);
  });

export const addSchedules = (cli: Cli): void => {
  const schedules = cli.program.command('schedules').description('when jobs run: list, pause, backfill');
  schedules
    .command('list')
    .description('all schedules')
    .action(() =>
      withClient(cli.common(), async (client) =>
        printRows(
          cli.common(),
          columns,
          (await client.call<{ schedules: Schedule[] }>('GET', '/api/v1/schedules?limit=200')).schedules,
          'No schedule is defined.',
        ),
      ),
    );
  schedules
    .command('next <key>')
    .description('the next slots')
    .option('--count <n>', 'how many', '10')
    .option('--from <instant>', 'after an instant; now when absent')
    .action((key: string, { count, from }: { count: string; from?: string }) =>
      withClient(cli.common(), async (client) => {
        const query = new URLSearchParams({ count, ...(from === undefined ? {} : { from }) });
        const { slots } = await client.call<{ slots: string[] }>('GET', `${pathOf(key)}/next?${query}`);
        printRows(cli.common(), [{ title: 'SLOT (UTC)', of: (slot: string) => when(slot) }], slots, 'It has no further slot.');
      }),
    );
  schedules
    .command('define <key>')
    .description('give one scope of a job its schedule, or change it: <job>/<scope>')
    .option('--schedule <text>', 'a cron expression, or "every 90s"; that of the job when absent')
    .option('--zone <zone>', 'IANA time zone; that of the job when absent')
    .option('--disabled', 'record its slots as skipped')
    .requiredOption('--reason <text>', 'why, recorded in the ledger')
    .action((key: string, { disabled, ...options }: { schedule?: string; zone?: string; disabled?: boolean; reason: string }) =>
      withClient(cli.common(), async (client) =>
        printOne(
          cli.common(),
          await client.call('POST', `${pathOf(key)}/define`, { ...options, ...(disabled === undefined ? {} : { enabled: false }) }),
          [`${key} is defined`, `  next: carillon schedules next ${key}`],
        ),
      ),
    );
  schedules
    .command('remove <key>')
    .description('end a schedule; one that stands in code comes back at the next start')
    .requiredOption('--reason <text>', 'why, recorded in the ledger')
    .action((key: string, { reason }: { reason: string }) =>
      withClient(cli.common(), async (client) =>
        printOne(cli.common(), await client.call('POST', `${pathOf(key)}/remove`, { reason }), [`${key} is removed`]),
      ),
    );
  schedules
    .command('pause <key>')
    .description('no slot opens and nothing settles its actors, but a manual slot')
    .requiredOption('--reason <text>', 'why, recorded in the ledger')
    .option('--until <instant>', 'when it ends by itself')
    .action((key: string, { reason, until }: { reason: string; until?: string }) =>
      withClient(cli.common(), async (client) =>
        printOne(cli.common(), await client.call('POST', `${pathOf(key)}/pause`, { reason, ...(until === undefined ? {} : { until }) }), [
          `${key} is paused`,
          `  next: carillon schedules resume ${key} --reason "..."`,
        ]),
      ),
    );
  schedules
    .command('resume <key>')
    .description('end a pause')
    .requiredOption('--reason <text>', 'why, recorded in the ledger')
    .action((key: string, { reason }: { reason: string }) =>
      withClient(cli.common(), async (client) =>
        printOne(cli.common(), await client.call('POST', `${pathOf(key)}/resume`, { reason }), [`${key} goes on`]),
      ),
    );
  schedules
    .command('backfill <key>')
    .description('open past slots again that did not complete or were skipped; shows the plan first')
    .requiredOption('--from <instant>', 'first instant')
    .requiredOption('--to <instant>', 'last instant')
    .requiredOption('--reason <text>', 'why, recorded with each slot')
    .option('--dry-run', 'only show the plan')
    .option('--yes', 'do not ask')
    .action((key: string, options: BackfillOptions) => backfill(cli, key, options));
};
