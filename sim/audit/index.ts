import type { Instant } from '../../src/core/instant.ts';
import type { Registry } from '../../src/core/registry.ts';
import type { Message } from '../../src/ports/broker.ts';
import type { EventStore } from '../../src/ports/event-store.ts';
import type { ReadModels } from '../../src/ports/read-models.ts';
import type { Answered } from '../client.ts';
import { checkEnds } from './ends.ts';
import { checkErased } from './erased.ts';
import { checkHouse } from './house.ts';
import { checkLedgers } from './ledgers.ts';
import { checkMoney } from './money.ts';
import { type Problem, readLog, type Say } from './problem.ts';
import { checkProjections } from './projections.ts';
import { checkAnswers, checkCauses, checkStreams } from './streams.ts';
import { checkVerdicts } from './verdicts.ts';

export type Audit = {
  readonly store: EventStore;
  readonly readModels: ReadModels;
  readonly registry: Registry;
  readonly now: Instant;
  readonly answered: readonly Answered[];
  /** The provider's ledger: how often it did each thing. */
  readonly done: ReadonlyMap<string, number>;
  readonly erased: ReadonlySet<string>;
  /** What the broker put aside. */
  readonly parked: readonly { readonly message: Message; readonly reason: string }[];
};

/** I12: the broker puts aside what no engine sends, and nothing else. */
const checkParked = (parked: Audit['parked'], say: Say): void => {
  for (const { message, reason } of parked)
    if (message.headers.garbage === undefined) say('I12', `the broker parked ${message.type} ${message.id}: ${reason}`);
};

/** Everything that must hold when the faults are over and the world is quiet. */
export const audit = async (world: Audit): Promise<readonly Problem[]> => {
  const problems: Problem[] = [];
  const say: Say = (invariant, text) => void problems.push({ invariant, text });
  const events = await readLog(world.store);
  checkStreams(events, say);
  checkCauses(events, world.registry, say);
  checkAnswers(events, world.answered, world.erased, say);
  checkLedgers(events, world.now, say);
  checkVerdicts(events, world.registry, say);
  checkMoney(events, say);
  checkHouse(events, say);
  checkEnds(events, world.registry, world.done, say);
  checkParked(world.parked, say);
  await checkErased(events, world.readModels, say);
  await checkProjections(events, world.registry, world.readModels, true, say);
  return problems;
};
