/**
 * KurrentDB, when it is Carillon's store: for own read models with the full history, in order. Run it with
 *   CARILLON_KURRENTDB_URL=kurrentdb://127.0.0.1:2113?tls=false node examples/consumers/kurrentdb.ts totals.db
 */
import { type AllStreamSubscription, KurrentDBClient, START, streamNameFilter } from '@kurrent/kurrentdb-client';
import { openTotals } from './totals.ts';

const totals = openTotals(process.argv[2] ?? 'totals.db');
const client = KurrentDBClient.connectionString(process.env.CARILLON_KURRENTDB_URL ?? 'kurrentdb://127.0.0.1:2113?tls=false');
const retryMs = 1_000;

/** Positions are exclusive: reading goes on behind the one that was kept with the view. */
const placeOf = (text: string | null): typeof START | { commit: bigint; prepare: bigint } => {
  if (text === null) return START;
  const [commit = '0', prepare = '0'] = text.split('/');
  return { commit: BigInt(commit), prepare: BigInt(prepare) };
};

const read = async (): Promise<void> => {
  // The server leaves the other streams out, which is cheaper than its $ce- and $et- projections. An expression, not a prefix: client
  // 1.3.1 ends a read by prefixes of stream names with an error.
  const filter = streamNameFilter({ regex: '^giving\\.escrow-' });
  const subscription: AllStreamSubscription = client.subscribeToAll({ fromPosition: placeOf(totals.place()), filter });
  console.log('listening');
  for await (const { event } of subscription) {
    if (event?.type !== 'EscrowReleased' || !event.position) continue;
    const { commit, prepare } = event.position;
    totals.take({ id: event.id, ...(event.data as { recipient: string; cents: string }) }, `${commit}/${prepare}`);
  }
};

for (;;) {
  // A subscription that drops does not come back by itself.
  await read().catch((error: Error) => console.error(error.message));
  await new Promise((resolve) => setTimeout(resolve, retryMs));
}
