import type { Method } from '../client.ts';
import { withClient } from '../connect.ts';
import { type Column, printOne, printRows, say, when } from '../output.ts';
import type { Cli } from '../program.ts';

type Webhook = {
  readonly id: string;
  readonly url: string;
  readonly types: readonly string[];
  readonly status: string;
  readonly because: string | null;
};
type Delivery = {
  readonly id: string;
  readonly type: string;
  readonly status: string;
  readonly attempt: number;
  readonly changedAt: string;
  readonly nextAt: string | null;
  readonly message: string | null;
};

const columns: readonly Column<Webhook>[] = [
  { title: 'ID', of: (row) => row.id },
  { title: 'STATUS', of: (row) => row.status },
  { title: 'TYPES', of: (row) => row.types.join(',') },
  { title: 'URL', of: (row) => row.url },
  { title: 'BECAUSE', of: (row) => row.because ?? '-' },
];

const deliveryColumns: readonly Column<Delivery>[] = [
  { title: 'TYPE', of: (row) => row.type },
  { title: 'STATUS', of: (row) => row.status },
  { title: 'TRIES', right: true, of: (row) => String(row.attempt) },
  { title: 'CHANGED', of: (row) => when(row.changedAt) },
  { title: 'NEXT', of: (row) => when(row.nextAt) },
  { title: 'ANSWER', of: (row) => row.message ?? '-' },
  { title: 'ID', of: (row) => row.id },
];

const root = '/api/v1/webhooks';
const pathOf = (id: string): string => `${root}/${encodeURIComponent(id)}`;
const why = ['--reason <text>', 'why, recorded with the webhook'] as const;
const keep = 'It is shown only now. Give it to the receiver, which verifies messages with it.';

type Call = <T>(method: Method, path: string, body: object | undefined, lines: (answer: T) => readonly string[]) => Promise<void>;

export const addWebhooks = (cli: Cli): void => {
  const webhooks = cli.program.command('webhooks').description('addresses outside that public events are sent to, signed');
  const call: Call = <T>(method: Method, path: string, body: object | undefined, lines: (answer: T) => readonly string[]) =>
    withClient(cli.common(), async (client) => {
      const answer = await client.call<T>(method, path, body);
      printOne(cli.common(), answer, lines(answer));
    });

  webhooks
    .command('list')
    .description('all webhooks, without their secrets')
    .action(() =>
      withClient(cli.common(), async (client) =>
        printRows(
          cli.common(),
          columns,
          (await client.call<{ webhooks: Webhook[] }>('GET', `${root}?limit=200`)).webhooks,
          'There is no webhook.',
        ),
      ),
    );
  webhooks
    .command('create <url>')
    .description('send public events from now on to an https address; the secret is shown once')
    .option('--types <types>', 'with commas between: giving.escrow.EscrowReleased,quiz.*; all when absent')
    .option('--reason <text>', 'why, recorded with the webhook')
    .action(async (url: string, { types, reason }: { types?: string; reason?: string }) => {
      const body = { url, ...(types === undefined ? {} : { types: types.split(',') }), ...(reason === undefined ? {} : { reason }) };
      await call<{ id: string; secret: string }>('POST', root, body, ({ id, secret }) => [`${id}  ${secret}`]);
      say(keep);
    });
  webhooks
    .command('rotate <id>')
    .description('a new secret; the old one signs beside it for 24 hours')
    .requiredOption(...why)
    .action(async (id: string, { reason }: { reason: string }) => {
      await call<{ secret: string }>('POST', `${pathOf(id)}/rotate`, { reason }, ({ secret }) => [secret]);
      say(keep);
    });
  addEnds(webhooks, call);
  addDeliveries(webhooks, cli, call);
};

const addEnds = (webhooks: Cli['program'], call: Call): void => {
  for (const [verb, done] of [
    ['disable', 'is sent nothing any more'],
    ['enable', 'is sent events again'],
  ] as const)
    webhooks
      .command(`${verb} <id>`)
      .description(verb === 'disable' ? 'send nothing to it' : 'send to it again')
      .requiredOption(...why)
      .action((id: string, { reason }: { reason: string }) => call('POST', `${pathOf(id)}/${verb}`, { reason }, () => [`${id} ${done}`]));
  webhooks
    .command('remove <id>')
    .description('end it, and its secrets, for good')
    .requiredOption(...why)
    .action((id: string, { reason }: { reason: string }) =>
      call('DELETE', `${pathOf(id)}?reason=${encodeURIComponent(reason)}`, undefined, () => [`${id} is removed`]),
    );
};

const addDeliveries = (webhooks: Cli['program'], cli: Cli, call: Call): void => {
  webhooks
    .command('deliveries <id>')
    .description('what was sent, newest first, and what came back')
    .action((id: string) =>
      withClient(cli.common(), async (client) => {
        const { deliveries } = await client.call<{ deliveries: Delivery[] }>('GET', `${pathOf(id)}/deliveries?limit=200`);
        printRows(cli.common(), deliveryColumns, deliveries, 'Nothing was sent yet.');
      }),
    );
  webhooks
    .command('resend <id> <delivery>')
    .description('send the event of a delivery once more')
    .requiredOption(...why)
    .action((id: string, delivery: string, { reason }: { reason: string }) =>
      call<{ delivery: string }>('POST', `${pathOf(id)}/deliveries/${encodeURIComponent(delivery)}/resend`, { reason }, (answer) => [
        `sent again as ${answer.delivery}`,
      ]),
    );
  webhooks
    .command('replay <id>')
    .description('send the events of a range of the log once more')
    .requiredOption('--from <position>', 'after this position; 0 for the beginning')
    .requiredOption('--to <position>', 'up to this position')
    .requiredOption(...why)
    .action((id: string, body: { from: string; to: string; reason: string }) =>
      call<{ count: number }>('POST', `${pathOf(id)}/replay`, body, ({ count }) => [`${count} events are sent again`]),
    );
  webhooks
    .command('test <id>')
    .description('send a signed ping')
    .requiredOption(...why)
    .action((id: string, { reason }: { reason: string }) =>
      call<{ delivery: string }>('POST', `${pathOf(id)}/test`, { reason }, ({ delivery }) => [`ping ${delivery}`]),
    );
};
