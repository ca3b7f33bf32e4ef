/** One life of a process, from its start to its kill. What a dead one asked is never answered; a paused one hears late. */
export type Life = {
  readonly name: string;
  readonly epoch: number;
  readonly signal: AbortSignal;
  dead(): boolean;
  paused(): boolean;
  pause(): void;
  resume(): void;
  kill(): void;
  /** Everything that comes back into the process goes through here: now, at the end of the pause, or never. */
  enter(run: () => void): void;
  gate(): Promise<void>;
};

export const createLife = (name: string, epoch: number): Life => {
  const end = new AbortController();
  let held: (() => void)[] | null = null;
  const enter = (run: () => void): void => {
    if (end.signal.aborted) return;
    if (held === null) run();
    else held.push(run);
  };
  return {
    name,
    epoch,
    signal: end.signal,
    dead: () => end.signal.aborted,
    paused: () => held !== null,
    pause: () => {
      held ??= [];
    },
    resume: () => {
      const waiting = held ?? [];
      held = null;
      for (const run of waiting) enter(run);
    },
    kill: () => {
      held = null;
      end.abort();
    },
    enter,
    gate: () => (end.signal.aborted || held !== null ? new Promise((resolve) => enter(resolve)) : Promise.resolve()),
  };
};
