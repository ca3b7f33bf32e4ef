import { commandRejected, type RecordedEvent, streamErased } from '../../src/core/event.ts';
import type { Say, Watcher } from './finding.ts';

/** Something that a client was told is done: the stream, and the id of its command. */
export type Acked = { readonly stream: string; readonly id: string };

/** Revisions without a hole, ids once (I6). A trimmed ledger begins with its fold; of an erased stream only the marker stays. */
export const watchStreams = (say: Say): Watcher => {
  const next = new Map<string, number>();
  const ids = new Set<string>();
  return {
    see: ({ stream, revision, id, type }) => {
      const wanted = next.get(stream);
      const begins = wanted === undefined && (revision === 0 || type === 'LedgerFolded' || type === streamErased);
      if (!begins && revision !== wanted)
        say(revision < (wanted ?? 0) ? 'doubled' : 'lost', `${stream}: revision ${revision}, not ${wanted ?? 0}`);
      if (ids.has(id)) say('doubled', `${stream}: event id ${id} is used twice`);
      ids.add(id);
      next.set(stream, revision + 1);
    },
    end: () => undefined,
  };
};

/** Acknowledged means stored, and done once: the events of one command were recorded together. */
export const watchAcked = (say: Say, acked: readonly Acked[], erased: ReadonlySet<string>): Watcher => {
  const missing = new Set(acked.filter(({ stream }) => !erased.has(stream)).map(({ stream, id }) => `${stream} ${id}`));
  const causes = new Map<string, string>();
  return {
    see: ({ stream, metadata, recordedAt, type }: RecordedEvent) => {
      const { causationId } = metadata;
      if (causationId === 'due' || causationId === '' || type === streamErased) return;
      const cause = `${stream} ${causationId}`;
      missing.delete(cause);
      if (type === commandRejected) return;
      const before = causes.get(cause);
      if (before !== undefined && before !== recordedAt) say('doubled', `${stream}: command ${causationId} was done twice`);
      causes.set(cause, recordedAt);
    },
    end: () => {
      for (const cause of missing) say('lost', `acknowledged and not in the log: ${cause}`);
    },
  };
};
