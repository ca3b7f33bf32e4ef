import { resolve } from 'node:path';
import { Option } from 'commander';
import { loadConfig } from '../../config.ts';
import type { Json, JsonObject } from '../../core/json.ts';
import { unwrap } from '../client.ts';
import { withClient } from '../connect.ts';
import { exits } from '../exit.ts';
import { type Column, print, printOne, printRows, say, when } from '../output.ts';
import type { Cli } from '../program.ts';
import { addProjections } from './projections.ts';

type Token = {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  readonly status: string;
  readonly createdAt: string | null;
  readonly expiresAt: string | null;
};

const tokenColumns: readonly Column<Token>[] = [
  { title: 'ID', of: (row) => row.id },
  { title: 'NAME', of: (row) => row.name },
  { title: 'ROLE', of: (row) => row.role },
  { title: 'STATUS', of: (row) => row.status },
  { title: 'CREATED', of: (row) => when(row.createdAt) },
  { title: 'EXPIRES', of: (row) => when(row.expiresAt) },
];

const expiryOf = (expires: string | undefined): JsonObject => {
  if (expires === undefined) return {};
  return /^\d+[mhd]$/.test(expires) ? { expiresIn: expires } : { expiresAt: expires };
};

const addTokens = (cli: Cli): void => {
  const tokens = cli.program.command('tokens').description('who may call the API');
  tokens
    .command('create <name>')
    .description('a new token; its text is shown once')
    .addOption(new Option('--role <role>', 'what it may do').choices(['read', 'operate', 'admin']).makeOptionMandatory())
    .option('--expires <when>', 'when it ends: 90d, 12h, or an instant')
    .action((name: string, { role, expires }: { role: string; expires?: string }) =>
      withClient(cli.common(), async (client) => {
        const made = await client.call<{ id: string; token: string }>('POST', '/api/v1/tokens', {
          name,
          role,
          ...expiryOf(expires),
        });
        printOne(cli.common(), made, [made.token]);
        say('It is shown only now. Keep it in a file of mode 0600 and name that with --token-file.');
      }),
    );
  tokens
    .command('list')
    .description('all tokens, without their text')
    .action(() =>
      withClient(cli.common(), async (client) =>
        printRows(
          cli.common(),
          tokenColumns,
          (await client.call<{ tokens: Token[] }>('GET', '/api/v1/tokens')).tokens,
          'There is no token.',
        ),
      ),
    );
  tokens
    .command('revoke <id>')
    .description('end a token for good')
    .requiredOption('--reason <text>', 'why, recorded with the token')
    .action((id: string, { reason }: { reason: string }) =>
      withClient(cli.common(), async (client) =>
        printOne(
          cli.common(),
          await client.call('DELETE', `/api/v1/tokens/${encodeURIComponent(id)}?reason=${encodeURIComponent(reason)}`),
          [`${id} is revoked`],
        ),
      ),
    );
};

const flat = (value: Json, path: string): [string, Json][] =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.entries(value as JsonObject).flatMap(([key, each]) => flat(each, path === '' ? key : `${path}.${key}`))
    : [[path, value]];

const addConfig = (cli: Cli): void => {
  const config = cli.program.command('config').description('settings: what is in force, and from where');
  const load = () => {
    const { folder, config: configFile } = cli.common();
    return loadConfig({ ...(folder === undefined ? {} : { folder }), ...(configFile === undefined ? {} : { configFile }) });
  };
  config
    .command('print')
    .description('every setting, its value and its source')
    .action(async () => {
      const { values, sources } = await load();
      const rows = flat(values, '').map(([setting, value]) => ({ setting, value, source: sources[setting] ?? 'default' }));
      printRows(
        cli.common(),
        [
          { title: 'SETTING', of: (row) => row.setting },
          { title: 'VALUE', of: (row) => JSON.stringify(row.value) },
          { title: 'SOURCE', of: (row) => row.source },
        ],
        rows,
        '',
      );
    });
  config
    .command('validate')
    .description('0 when the configuration is well')
    .action(async () => {
      await load();
      print('The configuration is well.');
    });
};

type Readiness = { readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail: string }[] };

const isReadiness = (body: unknown): body is Readiness => typeof body === 'object' && body !== null && 'checks' in body;

export const addAdmin = (cli: Cli): void => {
  addProjections(cli);
  addTokens(cli);
  addConfig(cli);
  cli.program
    .command('backup <dir>')
    .description('copy event store and vault, consistent, while running')
    .action((dir: string) =>
      withClient(cli.common(), async (client) => {
        const made = await client.call<{ files: string[]; position: string | null }>('POST', '/api/v1/backup', { folder: resolve(dir) });
        printOne(cli.common(), made, [`up to position ${made.position ?? 'none'}:`, ...made.files.map((file) => `  ${file}`)]);
      }),
    );
  cli.program
    .command('compact')
    .description('give the room of erased and trimmed events back; the server answers nothing meanwhile')
    .requiredOption('--reason <text>', 'why, recorded in the log of the server')
    .action(({ reason }: { reason: string }) =>
      withClient(cli.common(), async (client) => {
        const done = await client.call<{ bytesBefore: number; bytesAfter: number }>('POST', '/api/v1/compact', { reason });
        const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
        printOne(cli.common(), done, [`${mib(done.bytesBefore)} before, ${mib(done.bytesAfter)} now`]);
      }),
    );
  cli.program
    .command('clock')
    .description('the clock of the server')
    .command('confirm')
    .description('say that it is right after a jump; without a word it is believed after a steady minute')
    .requiredOption('--reason <text>', 'why, recorded in the log of the server')
    .action(({ reason }: { reason: string }) =>
      withClient(cli.common(), async (client) => {
        const answer = await client.call<{ now: string }>('POST', '/api/v1/clock/confirm', { reason });
        printOne(cli.common(), answer, [`it is ${when(answer.now)}`]);
      }),
    );
  cli.program
    .command('doctor')
    .description('silent and 0 when all is well; one line for each trouble')
    .action(() =>
      withClient(cli.common(), async (client) => {
        // 503 is an answer here: it carries the checks that fail.
        const answer = await client.ask('GET', '/readyz?verbose');
        const ready = answer.status === 503 && isReadiness(answer.body) ? answer.body : unwrap<Readiness>(answer);
        const { data } = await client.call<{ data: { jobs: { name: string; health: string; healthMessage: string }[] } }>(
          'GET',
          '/api/v1/jobs/status',
        );
        const { parked } = await client.call<{ parked: unknown[] }>('GET', '/api/v1/parked?limit=200');
        const { schedules } = await client.call<{ schedules: { key: string; job: string; status: string }[] }>(
          'GET',
          '/api/v1/schedules?limit=200',
        );
        const known = new Set(data.jobs.map((job) => job.name));
        const troubles = [
          ...ready.checks.filter((check) => !check.ok).map((check) => `${check.name}: ${check.detail}`),
          ...data.jobs
            .filter((job) => ['late', 'failing', 'never-ran'].includes(job.health))
            .map((job) => `${job.name}: ${job.healthMessage}`),
          ...schedules
            .filter((schedule) => schedule.status === 'active' && !known.has(schedule.job))
            .map(({ key }) => `${key}: no job of this code; next: carillon schedules remove ${key} --reason "..."`),
          ...(parked.length === 0 ? [] : [`${parked.length} items are parked; next: carillon parked list`]),
        ];
        if (troubles.length === 0) return;
        say(...troubles);
        process.exitCode = exits.failed;
      }),
    );
};
