/** Lets many through at once, or one alone: whoever comes later than that one waits for it. */
export type Gate = { pass<T>(work: () => Promise<T>): Promise<T>; shut<T>(work: () => Promise<T>): Promise<T> };

export const createGate = (): Gate => {
  const passing = new Set<Promise<unknown>>();
  let shut: Promise<unknown> = Promise.resolve();
  return {
    async pass(work) {
      const doing = shut.then(work);
      passing.add(doing);
      try {
        return await doing;
      } finally {
        passing.delete(doing);
      }
    },
    shut(work) {
      const before = [shut, ...passing];
      const doing = Promise.allSettled(before).then(work);
      shut = doing.catch(() => undefined);
      return doing;
    },
  };
};
