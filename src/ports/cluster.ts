/** What one process of many does at a time, such as writing the projections. */
export type Leadership = {
  /** Aborts when the lead is gone. What the leader writes is fenced all the same. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
};

/** The other processes of this Carillon: who leads what, and who owns which partitions. */
export type Cluster = {
  /** True when there may be other processes: then progress is read from the shared read models. */
  readonly shared: boolean;
  /** Waits until this process leads, or the signal ends the waiting (null). */
  lead(name: string, signal: AbortSignal): Promise<Leadership | null>;
  /** Shares the partitions of a context with the others; `onChange` is told which are this process's, one call at a time. */
  join(context: string, onChange: (owned: ReadonlySet<number>) => void | Promise<void>): Promise<{ leave(): Promise<void> }>;
};

/** One process that leads and owns everything: the embedded default. */
export const alone = (partitions: number): Cluster => {
  const all = new Set(Array.from({ length: partitions }, (_, index) => index));
  return {
    shared: false,
    lead: async () => ({ lost: new AbortController().signal, release: async () => undefined }),
    join: async (_context, onChange) => {
      await onChange(all);
      return { leave: async () => undefined };
    },
  };
};
