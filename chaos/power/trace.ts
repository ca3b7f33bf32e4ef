import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

/** What a process did to its files, in order; `said` is a line that it wrote to stdout. */
export type Op =
  | { readonly kind: 'write'; readonly file: string; readonly offset: number; readonly data: Buffer }
  | { readonly kind: 'truncate'; readonly file: string; readonly size: number }
  | { readonly kind: 'sync'; readonly file: string }
  | { readonly kind: 'unlink'; readonly file: string }
  | { readonly kind: 'said'; readonly text: string };

/** The system calls that change files, as strace is told them. */
export const traced = 'openat,write,pwrite64,pwritev,pwritev2,fsync,fdatasync,sync_file_range,ftruncate,fallocate,unlink,unlinkat,rename';
/** Calls of the list above that the images do not know: meeting one in a file of ours is an error, not a guess. */
const unknown = /^(pwritev2?|sync_file_range|fallocate|unlinkat|rename)\(/;

const bytesOf = (text: string): Buffer => Buffer.from(text.replaceAll('\\x', ''), 'hex');

const call = /^(\w+)\((?:(\d+)<((?:\\x[0-9a-f]{2})*)>(?:, )?)?(?:"((?:\\x[0-9a-f]{2})*)"(?:, )?)?([^)]*)\) += (-?\d+)/;

/** One line of `strace -y -xx -s <enough>`; null for what concerns no file in `folder`. Throws on what it cannot replay. */
export const parseLine = (line: string, folder: string): Op | null => {
  const match = call.exec(line);
  if (match === null) {
    if (!line.startsWith('openat(') && line.includes(hexOf(folder))) throw new Error(`strace line not understood: ${line.slice(0, 200)}`);
    return null;
  }
  const [, name = '', fd, path = '', text = '', rest = '', result = ''] = match;
  if (Number(result) < 0) return null;
  const file = bytesOf(path).toString();
  if (name === 'write' && fd === '1') return { kind: 'said', text: bytesOf(text).toString().trimEnd() };
  if (name === 'unlink') {
    const gone = bytesOf(text).toString();
    return gone.startsWith(folder) ? { kind: 'unlink', file: gone } : null;
  }
  if (!file.startsWith(folder)) return null;
  if (unknown.test(line)) throw new Error(`${name} of ${file} cannot be replayed`);
  if (name === 'fsync' || name === 'fdatasync') return { kind: 'sync', file };
  if (name === 'ftruncate') return { kind: 'truncate', file, size: Number(rest) };
  if (name !== 'pwrite64') return null;
  const [size = 0, offset = 0] = rest.split(', ').map(Number);
  const data = bytesOf(text);
  if (data.length !== size || size !== Number(result)) throw new Error(`strace cut a write of ${size} bytes to ${file}`);
  return { kind: 'write', file, offset, data };
};

const hexOf = (text: string): string => [...Buffer.from(text)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');

/** Reads a trace of one thread. Files that SQLite shares between processes (-shm) are memory, not disk, and stay out. */
export const readTrace = async (traceFile: string, folder: string): Promise<readonly Op[]> => {
  const ops: Op[] = [];
  for await (const line of createInterface({ input: createReadStream(traceFile) })) {
    const op = parseLine(line, folder);
    if (op !== null && !('file' in op && op.file.endsWith('-shm'))) ops.push(op);
  }
  return ops;
};
