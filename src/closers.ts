/** What is to be closed again, in the order opposite to opening. */
export const createClosers = () => {
  const closers: (() => unknown)[] = [];
  return {
    closing: (close: () => unknown): void => void closers.push(close),
    closeAll: async (): Promise<void> => {
      for (const close of closers.reverse().splice(0)) await close();
    },
  };
};
