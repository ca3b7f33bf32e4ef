import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parseIntake } from '../../api/intake.ts';
import { CarillonError } from '../../core/errors.ts';
import type { ImportProgress } from '../../core/intake.ts';
import type { Client } from '../client.ts';
import { withClient } from '../connect.ts';
import { CliEnd, exits } from '../exit.ts';
import { follow } from '../follow.ts';
import { type Column, print, printOne, printRows, progressBar, safe, say, when } from '../output.ts';
import type { Cli } from '../program.ts';

type Event = {
  readonly position: string;
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
  readonly data: unknown;
  readonly metadata: { readonly asOf: string; readonly rule: string };
};

const columns: readonly Column<Event>[] = [
  { title: 'REV', right: true, of: (event) => String(event.revision) },
  { title: 'EVENT', of: (event) => event.type },
  { title: 'TOOK EFFECT', of: (event) => when(event.metadata.asOf) },
  { title: 'RULE', of: (event) => event.metadata.rule },
  { title: 'DATA', of: (event) => JSON.stringify(event.data) },
];

const readText = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CliEnd(exits.notFound, `${file} cannot be read: ${(error as Error).message}`, 'Check the path.');
  }
};

const importFile = async (client: Client, file: string, reason: string): Promise<ImportProgress> => {
  const text = readText(file);
  // Looked at here first: a malformed line is told without sending megabytes.
  parseIntake(text);
  const name = basename(file)
    .replace(/\.ndjson$/, '')
    .replace(/[^A-Za-z0-9._-]/g, '-');
  const query = new URLSearchParams({ name, reason });
  let progress = await client.call<ImportProgress>('POST', `/api/v1/imports?${query}`, text, 'application/x-ndjson');
  const bar = progressBar('commands');
  while (progress.status === 'running') {
    bar.at(progress.done, progress.lines);
    await new Promise((resolve) => setTimeout(resolve, 200));
    progress = await client.call<ImportProgress>('GET', `/api/v1/imports/${encodeURIComponent(progress.id)}`);
  }
  bar.at(progress.done, progress.lines);
  bar.end();
  if (progress.status === 'failed') throw new CarillonError('internal', progress.message ?? 'The import failed');
  return progress;
};

const tail = async (cli: Cli, client: Client, filter: { readonly types?: string; readonly from?: string }): Promise<void> => {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const query = new URLSearchParams({ ...filter });
  for await (const { data } of follow(client, `/api/v1/events?${query}`, stop.signal, say)) {
    if (data === '') continue;
    const event = JSON.parse(data) as Event;
    const line = `${event.position}  ${event.stream}  ${event.type}  ${JSON.stringify(event.data)}`;
    print(cli.common().output === 'table' ? safe(line) : data);
  }
  process.exitCode = exits.interrupted;
};

export const addStreams = (cli: Cli): void => {
  const streams = cli.program.command('streams').description('the log: read a stream, follow everything');
  streams
    .command('read <stream>')
    .description('events of a stream')
    .option('--limit <n>', 'how many', '100')
    .option('--backwards', 'newest first')
    .action((stream: string, { limit, backwards }: { limit: string; backwards?: boolean }) =>
      withClient(cli.common(), async (client) => {
        const query = new URLSearchParams({ limit, ...(backwards ? { direction: 'backwards' } : {}) });
        printRows(
          cli.common(),
          columns,
          (await client.call<{ events: Event[] }>('GET', `/api/v1/streams/${encodeURIComponent(stream)}?${query}`)).events,
          'The stream has no such events.',
        );
      }),
    );
  streams
    .command('tail')
    .description('new events as they come, until Ctrl-C; goes on where it was when the connection breaks')
    .option('--types <pattern>', 'such as giving.escrow.*')
    .option('--from <position>', 'after this position; 0 for the beginning, now when absent')
    .action((filter: { types?: string; from?: string }) => withClient(cli.common(), (client) => tail(cli, client, filter)));
  cli.program
    .command('import <file>')
    .description('commands of the past, one JSON object a line; the whole file is checked first')
    .requiredOption('--reason <text>', 'why, recorded with the import')
    .action((file: string, { reason }: { reason: string }) =>
      withClient(cli.common(), async (client) => {
        const progress = await importFile(client, file, reason);
        printOne(cli.common(), progress, [`${progress.lines} commands are done`]);
        if (cli.common().output !== 'table') return;
        if (progress.held === 0) return say('next: carillon runs list');
        say(`${progress.held} effects of these facts have not gone out: carillon parked list`);
        say(`next: carillon parked replay --import ${progress.id} --reason "..."  (or discard)`);
      }),
    );
};
