import type { Revision, StreamName } from '../core/event.ts';
import { plus } from '../core/instant.ts';
import type { Clock } from '../ports/clock.ts';
import type { EventStore } from '../ports/event-store.ts';

const dayMs = 86_400_000;
const pageSize = 500;

/**
 * Drops what a folded ledger no longer needs: everything before the newest fold that is older than `keepRunsDays`. Domain
 * events are never touched; the figures over all runs live in the read models' own rows and in the folds.
 */
export const trimLedger = async (
  deps: { readonly store: EventStore; readonly clock: Clock; readonly keepRunsDays: number },
  stream: StreamName,
): Promise<Revision | null> => {
  const oldest = plus(deps.clock.now(), -deps.keepRunsDays * dayMs);
  for (let from: Revision | undefined; ; ) {
    const page = await deps.store.read(stream, { backwards: true, limit: pageSize, ...(from === undefined ? {} : { from }) });
    const fold = page.events.find((event) => event.type === 'LedgerFolded' && event.recordedAt < oldest);
    if (fold !== undefined) {
      await deps.store.truncate(stream, fold.revision);
      return fold.revision;
    }
    const last = page.events.at(-1);
    if (last === undefined || last.revision === 0 || page.events.length < pageSize) return null;
    from = last.revision - 1;
  }
};
