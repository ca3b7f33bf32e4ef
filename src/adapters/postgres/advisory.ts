import { hash } from 'node:crypto';

/**
 * Advisory locks are numbers of 64 bits that all users of a database share. Ours begin with one of these 16 bits, so that
 * nobody else's are taken for them.
 */
const kinds = { appender: 0x4361, schema: 0x4362, leader: 0x4363, rebuild: 0x4364, projection: 0x4365 } as const;

const low = 48n;
const base = (kind: keyof typeof kinds): bigint => BigInt(kinds[kind]) << low;

/** The number of a lock by its name, as decimal text. */
export const lockKey = (kind: keyof typeof kinds, name: string): string =>
  String(base(kind) + BigInt(`0x${hash('sha256', name, 'hex').slice(0, 12)}`));

const sequence = 'carillon.positions';

/**
 * What an append takes before it takes positions, until its transaction ends: a shared lock whose number says the lowest
 * position that it may fill. Nothing waits for it; readers look at it.
 */
export const holdPositions = `SELECT pg_advisory_xact_lock_shared(${base('appender')} + last_value + is_called::integer) FROM ${sequence}`;

/** pg_locks shows the upper and the lower half of a lock's number; `objsubid` is 1 for numbers of 64 bits. */
const heldPosition = '((classid::bigint & 65535) << 32) | objid::bigint';

/**
 * The lowest position that an append in flight may still fill, null when there is none. It has to stand in the statement that
 * looks for the newest event: every position below that event was taken before it, under a lock. Where the lock is gone by
 * now, the append has ended, and whoever reads afterwards sees its events.
 */
export const lowestOpenPosition = `SELECT min(${heldPosition}) FROM pg_locks
  WHERE locktype = 'advisory' AND objsubid = 1 AND classid::bigint >> 16 = ${kinds.appender}
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
