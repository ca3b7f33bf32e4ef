import type { StreamName } from '../../core/event.ts';

/** Where erasures are written down: the server's tombstone keeps neither a reason nor a revision, and a scavenge must not take it. */
export const erasureLog = 'carillon.erasure-log' as StreamName;

/** The type of an erasure that has begun; readers do not see it. */
export const erasureBegun = 'ErasureBegun';
