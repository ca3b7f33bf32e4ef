import type { Observers } from '../../ports/observers.ts';

/** Tells whoever watches. */
export type Say = (level: 'info' | 'warn' | 'error', message: string) => void;

export const sayTo =
  (observers?: Observers): Say =>
  (level, message) =>
    observers?.note({ kind: 'log', level, scope: 'kurrentdb', message });
