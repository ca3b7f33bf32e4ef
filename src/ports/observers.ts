/** What the engine tells whoever watches: logs, metrics and alerts are made of these, and nothing depends on them. */
export type Note =
  | {
      readonly kind: 'log';
      readonly level: 'debug' | 'info' | 'warn' | 'error';
      readonly scope: string;
      readonly message: string;
      readonly facts?: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: 'slot-opened'; readonly job: string; readonly slot: string; readonly cause: string; readonly delayMs: number }
  | {
      readonly kind: 'slot-closed';
      readonly job: string;
      readonly slot: string;
      readonly verdict: string;
      readonly cause: string;
      readonly durationMs: number;
      readonly counts: Readonly<Record<string, number>>;
    }
  | {
      readonly kind: 'slice-done';
      readonly job: string;
      readonly slot: string;
      readonly partition: number;
      readonly actors: number;
      readonly durationMs: number;
    }
  | { readonly kind: 'decided'; readonly category: string; readonly job?: string; readonly outcome: string; readonly count: number }
  | {
      readonly kind: 'item-failed' | 'item-parked';
      readonly job: string;
      readonly about: string;
      readonly attempt: number;
      readonly message: string;
    }
  | { readonly kind: 'effect'; readonly effect: string; readonly outcome: string }
  | { readonly kind: 'projected'; readonly projection: string; readonly events: number; readonly durationMs: number; readonly lag: number }
  | { readonly kind: 'alert'; readonly alert: string; readonly job: string; readonly message: string; readonly open: boolean };

export interface Observers {
  note(note: Note): void;
}
