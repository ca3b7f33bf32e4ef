/** The trace that each slot of late was first seen in, so that reminders and log lines of a slot stay in its trace. */
export type SlotTraces = {
  /** Kept only for a slot that is not known yet. */
  learn(slot: string, traceparent: string): void;
  of(slot: string): string | undefined;
};

/** Forgets the oldest slots beyond `limit`. */
export const createSlotTraces = (limit = 4_096): SlotTraces => {
  const traces = new Map<string, string>();
  return {
    learn: (slot, traceparent) => {
      if (traces.has(slot)) return;
      traces.set(slot, traceparent);
      const oldest = traces.keys().next();
      if (traces.size > limit && !oldest.done) traces.delete(oldest.value);
    },
    of: (slot) => traces.get(slot),
  };
};
