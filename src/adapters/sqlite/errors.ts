import { CarillonError, type ErrorCode } from '../../core/errors.ts';

/** What node:sqlite throws: `errcode` is SQLite's extended result code, its low byte the primary one. */
type SqliteFailure = Error & { readonly code: string; readonly errcode?: number };

const primary = {
  busy: 5,
  locked: 6,
  noMemory: 7,
  readOnly: 8,
  ioError: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  protocol: 15,
  constraint: 19,
  notADatabase: 26,
} as const;
/** The -shm file could not grow: the disk is full, although SQLite calls it an I/O error. */
const ioErrorShmSize = 4874;

const codes: ReadonlyMap<number, { readonly code: ErrorCode; readonly says: string }> = new Map([
  [primary.full, { code: 'store-full', says: 'has no room left' }],
  [primary.corrupt, { code: 'store-corrupt', says: 'is damaged' }],
  [primary.notADatabase, { code: 'store-corrupt', says: 'is not a database' }],
  [primary.busy, { code: 'store-unavailable', says: 'is held by another process' }],
  [primary.locked, { code: 'store-unavailable', says: 'is held by another connection' }],
  [primary.noMemory, { code: 'store-unavailable', says: 'got no memory' }],
  [primary.readOnly, { code: 'store-unavailable', says: 'cannot be written' }],
  [primary.ioError, { code: 'store-unavailable', says: 'cannot be read or written' }],
  [primary.cannotOpen, { code: 'store-unavailable', says: 'cannot be opened' }],
  [primary.constraint, { code: 'store-unavailable', says: 'was written by another process' }],
  [primary.protocol, { code: 'store-unavailable', says: 'cannot be locked' }],
]);

const isSqliteFailure = (error: unknown): error is SqliteFailure =>
  error instanceof Error && 'code' in error && typeof error.code === 'string';

/** The primary result code of a failure of SQLite; null for any other error. */
export const resultCode = (error: unknown): number | null =>
  isSqliteFailure(error) && error.code === 'ERR_SQLITE_ERROR' && error.errcode !== undefined ? error.errcode & 0xff : null;

/** True when another connection holds the lock that was asked for. */
export const isBusy = (error: unknown): boolean => resultCode(error) === primary.busy;

/** Says in our codes what went wrong with `file`. What did not come from SQLite is given back as it is. */
export const storeError = (error: unknown, file: string): unknown => {
  if (error instanceof CarillonError || !isSqliteFailure(error)) return error;
  if (error.code === 'ERR_INVALID_STATE') return new CarillonError('store-closed', `${file} is closed`, {}, error);
  const result = resultCode(error);
  const known = error.errcode === ioErrorShmSize ? codes.get(primary.full) : codes.get(result ?? -1);
  if (!known) return error;
  return new CarillonError(known.code, `${file} ${known.says}: ${error.message}`, { errcode: error.errcode ?? 0 }, error);
};

/** Does something with a database; what fails is told in our codes. */
export const guarded = <T>(file: string, work: () => T): T => {
  try {
    return work();
  } catch (error) {
    throw storeError(error, file);
  }
};
