import type { ScheduleState } from '../contexts/engine/schedule/events.ts';
import type { RecordedEvent, Revision, StreamName } from '../core/event.ts';
import { runStream, type SlotId } from '../core/ids.ts';
import type { EventStore } from '../ports/event-store.ts';

const pageSize = 500;

/** What lies before the fold that began `chapter`, newest first. */
async function* before(store: EventStore, stream: StreamName, fold: Revision): AsyncGenerator<readonly RecordedEvent[]> {
  for (let from = fold - 1; from >= 0; ) {
    const page = await store.read(stream, { from, backwards: true, limit: pageSize });
    yield page.events;
    const last = page.events.at(-1);
    if (last === undefined || page.events.length < pageSize) return;
    from = last.revision - 1;
  }
}

const foldInto = async (store: EventStore, stream: StreamName, chapter: number): Promise<Revision | null> => {
  for (let from: Revision | undefined; ; ) {
    const page = await store.read(stream, { backwards: true, limit: pageSize, ...(from === undefined ? {} : { from }) });
    const found = page.events.find(
      (event) => event.type === 'LedgerFolded' && (event.data as { state: ScheduleState }).state.chapter === chapter,
    );
    if (found !== undefined) return found.revision;
    const last = page.events.at(-1);
    if (last === undefined || last.revision === 0 || page.events.length < pageSize) return null;
    from = last.revision - 1;
  }
};

/**
 * Drops what a trimmed ledger tells no more: the streams of its old runs, then its events before the fold that began the
 * chapter after `last`. Cut short by a crash, the next trim of the schedule does the rest. Domain events are never touched.
 */
export const dropChapters = async (store: EventStore, stream: StreamName, last: number): Promise<Revision | null> => {
  const fold = await foldInto(store, stream, last + 1);
  if (fold === null) return null;
  for await (const events of before(store, stream, fold)) {
    for (const event of events) {
      if (event.type !== 'SlotClosed') continue;
      const run = runStream((event.data as { slot: SlotId }).slot);
      const { head } = await store.read(run, { limit: 1 });
      if (head !== 'no-stream' && head !== 'erased') await store.erase(run);
    }
  }
  await store.truncate(stream, fold);
  return fold;
};
