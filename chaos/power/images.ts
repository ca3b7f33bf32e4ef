import type { Prng } from '../../sim/prng.ts';
import type { Op } from './trace.ts';

type Change = Extract<Op, { kind: 'write' | 'truncate' | 'unlink' }>;
/** What is on the disk for sure, and what the system had not written yet. */
type File = { durable: Buffer | null; readonly waiting: Change[] };

/** What the power cut left: a file's bytes, null for one that is gone. */
export type Image = {
  readonly files: ReadonlyMap<string, Buffer | null>;
  readonly said: readonly string[];
  readonly cut: number;
  readonly mode: Mode;
};

/** What became of the writes that were not synced: none, all, the first few, any of them, or parts of sectors of them. */
const modes = ['none', 'all', 'prefix', 'subset', 'torn'] as const;
export type Mode = (typeof modes)[number];

/** The unit that a disk writes whole. */
const sector = 512;

/** A file's bytes while changes are applied to it, with room to grow. */
const createBytes = (before: Buffer | null) => {
  let room = before === null ? Buffer.alloc(0) : Buffer.from(before);
  let length = before === null ? -1 : before.length;
  const resize = (size: number): void => {
    if (size > room.length) {
      const next = Buffer.alloc(Math.max(size, room.length * 2));
      room.copy(next, 0, 0, Math.max(0, length));
      room = next;
    }
    // What lies behind the end reads as zeros when the file grows again.
    if (size < length) room.fill(0, size, length);
    length = size;
  };
  return {
    change: (change: Change): void => {
      if (change.kind === 'unlink') {
        resize(0);
        length = -1;
      } else if (change.kind === 'truncate') resize(change.size);
      else {
        resize(Math.max(length, change.offset + change.data.length));
        change.data.copy(room, change.offset);
      }
    },
    end: (): Buffer | null => (length < 0 ? null : room.subarray(0, length)),
  };
};

const applyAll = (before: Buffer | null, changes: readonly Change[]): Buffer | null => {
  if (changes.length === 0) return before;
  const bytes = createBytes(before);
  for (const change of changes) bytes.change(change);
  return bytes.end();
};

/** Only some sectors of a write. */
const torn = (change: Change, draw: Prng): Change[] => {
  if (change.kind !== 'write') return [change];
  const parts: Change[] = [];
  const { file, offset, data } = change;
  for (let at = 0; at < data.length; ) {
    // Sectors are counted in the file, not in the write.
    const size = Math.min(sector - ((offset + at) % sector), data.length - at);
    if (draw.chance(0.5)) parts.push({ kind: 'write', file, offset: offset + at, data: data.subarray(at, at + size) });
    at += size;
  }
  return parts;
};

const survivors = (waiting: readonly Change[], mode: Mode, draw: Prng): readonly Change[] => {
  switch (mode) {
    case 'none':
      return [];
    case 'all':
      return waiting;
    case 'prefix':
      return waiting.slice(0, draw.int(0, waiting.length));
    case 'subset':
      return waiting.filter(() => draw.chance(0.5));
    case 'torn': {
      const whole = draw.int(0, waiting.length);
      return waiting.flatMap((change, index) => (index < whole ? [change] : torn(change, draw)));
    }
  }
};

/**
 * What a disk may hold when the power goes after each of `cuts` (places in `ops`, ascending): everything that was synced, and of
 * the rest what each file's draw keeps. A removed name counts as written with the next sync of any file, as journaling
 * file systems have it.
 */
export function* powerCuts(ops: readonly Op[], cuts: readonly number[], draw: Prng): Generator<Image> {
  const files = new Map<string, File>();
  const said: string[] = [];
  const of = (name: string): File => {
    const known = files.get(name) ?? { durable: null, waiting: [] };
    files.set(name, known);
    return known;
  };
  const sync = (name: string): void => {
    for (const [each, file] of files) {
      const gone = file.waiting.some((change) => change.kind === 'unlink');
      if (each !== name && !gone) continue;
      file.durable = applyAll(file.durable, file.waiting.splice(0));
    }
  };
  let next = 0;
  for (const [index, op] of ops.entries()) {
    for (; cuts[next] === index; next++) {
      const mode = draw.pick(modes);
      const image = [...files].map(([name, file]) => [name, applyAll(file.durable, survivors(file.waiting, mode, draw))] as const);
      yield { files: new Map(image), said: [...said], cut: index, mode };
    }
    if (op.kind === 'said') said.push(op.text);
    else if (op.kind === 'sync') sync(op.file);
    else of(op.file).waiting.push(op);
  }
}
