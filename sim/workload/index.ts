import { createDesk, type WorkloadDeps } from './deps.ts';
import { erasures } from './erasures.ts';
import { imports } from './imports.ts';
import { operator } from './operator.ts';
import { people } from './people.ts';
import { createReplays } from './replays.ts';

const replayEveryMs = 600_000;

/** People, operators and the world outside, as a seed has them. */
export const createWorkload = (deps: WorkloadDeps, erased: (stream: string) => boolean) => {
  const desk = createDesk(deps);
  const replayAll = createReplays(desk, erased);
  return {
    replayAll,
    begin: (): void => {
      people(desk);
      operator(desk);
      imports(desk);
      erasures(desk);
      for (let at = replayEveryMs; at < desk.spanMs; at += replayEveryMs) deps.world.at(deps.world.startMs + at, () => void replayAll());
    },
    mend: (): void => {
      deps.bench.stuck.clear();
      deps.bench.sweepFails = false;
    },
  };
};
