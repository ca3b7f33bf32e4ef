/** Lets at most `limit` pieces of work be in hand at once; the others wait, first come first served. */
export const createTurns = (limit: number) => {
  const waiting: (() => void)[] = [];
  let taken = 0;
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (taken >= limit) await new Promise<void>((go) => void waiting.push(go));
    else taken += 1;
    try {
      return await work();
    } finally {
      // The turn goes straight to the next in line.
      const next = waiting.shift();
      if (next === undefined) taken -= 1;
      else next();
    }
  };
};
