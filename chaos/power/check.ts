import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openSqliteEventStore } from '../../src/adapters/sqlite/event-store.ts';
import { openSqliteVault } from '../../src/adapters/sqlite/vault.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import type { StreamName } from '../../src/core/event.ts';
import type { Finding } from '../audit/finding.ts';
import type { Image } from './images.ts';

/** What was acknowledged before the cut. */
const readSaid = (said: readonly string[]) => {
  const stored: { stream: string; id: string }[] = [];
  const put = new Map<string, number>();
  const erasing = new Set<string>();
  const erased = new Set<string>();
  for (const line of said) {
    const [word, first = '', second = ''] = line.split(' ');
    if (word === 'stored') stored.push({ stream: first, id: second });
    if (word === 'put') put.set(first, Number(second));
    if (word === 'erasing') erasing.add(first);
    if (word === 'erased') erased.add(first);
  }
  return { stored: stored.filter(({ stream }) => !erasing.has(stream)), put, erased };
};

const checkLog = async (
  file: string,
  said: ReturnType<typeof readSaid>,
  say: (kind: Finding['kind'], text: string) => void,
): Promise<void> => {
  const store = openSqliteEventStore({ file, clock: createSystemClock() });
  const found = new Set<string>();
  const next = new Map<string, number>();
  for await (const page of store.readAll({})) {
    for (const { stream, id, revision, type } of page.events) {
      if (type !== 'StreamErased' && revision !== (next.get(stream) ?? 0))
        say('wrong', `${stream} has revision ${revision} after ${next.get(stream)}`);
      if (found.has(id)) say('doubled', `event ${id} is there twice`);
      found.add(id);
      next.set(stream, revision + 1);
    }
  }
  const lost = said.stored.filter(({ id }) => !found.has(id));
  if (lost.length > 0) say('lost', `${lost.length} acknowledged events, the first ${lost[0]?.id} of ${lost[0]?.stream}`);
  for (const stream of said.erased)
    if ((await store.read(stream as StreamName, { limit: 1 })).head !== 'erased') say('lost', `the erasure of ${stream}`);
  await store.close();
};

const checkVault = async (
  file: string,
  said: ReturnType<typeof readSaid>,
  say: (kind: Finding['kind'], text: string) => void,
): Promise<void> => {
  const vault = openSqliteVault({ file });
  for (const [subject, round] of said.put) {
    const held = Number((await vault.get(subject))?.round ?? -1);
    if (held < round) say('lost', `the vault holds round ${held} of ${subject}; ${round} was acknowledged`);
  }
  await vault.close();
};

const integrity = (file: string): string => {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    return String(Object.values(db.prepare('PRAGMA integrity_check').get() ?? {})[0]);
  } finally {
    db.close();
  }
};

/** Opens an image with the real adapters, as a restart would, and holds it against what was acknowledged. */
export const checkImage = async (image: Image, folder: string): Promise<readonly Finding[]> => {
  const findings: Finding[] = [];
  const say = (kind: Finding['kind'], text: string): void =>
    void findings.push({ kind, text: `cut at ${image.cut}, ${image.mode}: ${text}` });
  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of image.files) if (bytes !== null) writeFileSync(join(folder, basename(name)), bytes);
  const said = readSaid(image.said);
  try {
    await checkLog(join(folder, 'events.db'), said, say);
    await checkVault(join(folder, 'vault.db'), said, say);
    for (const file of ['events.db', 'vault.db']) {
      const verdict = integrity(join(folder, file));
      if (verdict !== 'ok') say('wrong', `${file} is corrupt: ${verdict}`);
    }
  } catch (error) {
    say('wrong', `it does not open: ${error instanceof Error ? error.message : String(error)}`);
  }
  rmSync(folder, { recursive: true, force: true });
  return findings;
};
