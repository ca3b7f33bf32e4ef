import { strayErrors } from '../simulate.ts';

/** A rejection that nobody handles is a problem of the seed that runs; outside of one it ends this process, as always. */
export const catchStray = (): void =>
  void process.on('unhandledRejection', (error) => {
    if (strayErrors.current === null) throw error;
    strayErrors.current(error);
  });
