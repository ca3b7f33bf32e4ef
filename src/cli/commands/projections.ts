import { setTimeout as wait } from 'node:timers/promises';
import type { Client } from '../client.ts';
import { withClient } from '../connect.ts';
import { CliEnd, exits } from '../exit.ts';
import { type Column, printOne, printRows, progressBar, say } from '../output.ts';
import type { Cli } from '../program.ts';

type Projection = {
  readonly name: string;
  readonly version: number;
  readonly checkpoint: string | null;
  readonly lag: number;
  readonly rebuilding: { readonly done: number; readonly total: number } | null;
};

const columns: readonly Column<Projection>[] = [
  { title: 'PROJECTION', of: (row) => row.name },
  { title: 'VERSION', right: true, of: (row) => String(row.version) },
  { title: 'LAG', right: true, of: (row) => String(row.lag) },
];

const lookEveryMs = 300;

const all = async (client: Client): Promise<Projection[]> =>
  (await client.call<{ projections: Projection[] }>('GET', '/api/v1/projections')).projections;

/** Asks for long work on a projection and shows how far it is until it is answered. */
const followed = async <T>(client: Client, name: string, verb: 'rebuild' | 'verify'): Promise<T> => {
  const bar = progressBar('events');
  const over = new AbortController();
  const show = async (): Promise<void> => {
    while (!over.signal.aborted) {
      await wait(lookEveryMs, undefined, { signal: over.signal }).catch(() => undefined);
      if (over.signal.aborted) return;
      // Only the answer to the work itself counts: a look that fails shows nothing.
      const at = (await all(client).catch(() => [])).find((projection) => projection.name === name)?.rebuilding;
      if (at != null && at.total > 0) bar.at(at.done, at.total);
    }
  };
  const showing = show();
  try {
    return await client.call<T>('POST', `/api/v1/projections/${encodeURIComponent(name)}/${verb}`, {});
  } finally {
    over.abort();
    await showing;
    bar.end();
  }
};

export const addProjections = (cli: Cli): void => {
  const projections = cli.program.command('projections').description('read models: list, rebuild, verify');
  projections
    .command('list')
    .description('all, and how far behind they are')
    .action(() => withClient(cli.common(), async (client) => printRows(cli.common(), columns, await all(client), '')));
  projections
    .command('rebuild <name>')
    .description('read the log into fresh tables beside the live ones, then swap')
    .action((name: string) =>
      withClient(cli.common(), async (client) => {
        say(`${name} is built again beside the live one; readers keep the live one until it is done`);
        const done = await followed<{ events: number; hash: string }>(client, name, 'rebuild');
        printOne(cli.common(), done, [`${name}: ${done.events} events, hash ${done.hash}`]);
      }),
    );
  projections
    .command('verify <name>')
    .description('prove that the live rows are what the log says; 1 when they are not')
    .action((name: string) =>
      withClient(cli.common(), async (client) => {
        const { equal, live, rebuilt } = await followed<{ equal: boolean; live: string; rebuilt: string }>(client, name, 'verify');
        printOne(cli.common(), { name, equal, live, rebuilt }, [
          equal ? `${name} is what the log says (${live})` : `${name} differs: live ${live}, rebuilt ${rebuilt}`,
        ]);
        if (!equal) throw new CliEnd(exits.failed, `${name} differs from the log`, `carillon projections rebuild ${name}`);
      }),
    );
};
