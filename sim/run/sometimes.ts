/** Every kind of fault, and what must follow from them: a run that never reaches one of these proves less than it seems to. */
const common = [
  'errorBefore',
  'crashBefore',
  'effectThenCrash',
  'lostReply',
  'slow',
  'appendTwice',
  'repeatedAppend',
  'killsPerHour',
  'pausesPerHour',
  'deploysPerHour',
  'outagesPerHour',
  'storeOutageHit',
  'fullPerHour',
  'diskFullHit',
  'brokerOutagesPerHour',
  'brokerWiped',
  'duplicate',
  'delay',
  'reorder',
  'ackLost',
  'poison',
  'readModelErrors',
  'cutSubscriptions',
  'jumpsPerHour',
  'providerFailure',
  'providerLostReply',
  'providerRefuses',
  'providerSlow',
  'providerRepeat',
  'processDied',
  'deployed',
  'conflict',
  'fencedProjection',
  'handover',
  'lead',
  'leadLost',
  'zombieWoke',
  'writeOfTheDead',
  'manualSlot',
  'pausedSchedule',
  'cancelledRun',
  'revokedToken',
  'replayedItem',
  'discardedItem',
  'parkedForGood',
  'replayedEffect',
  'discardedEffect',
] as const;

/** States that few seeds come to. */
const rare = ['writeOfThePaused', 'heldEffect', 'import', 'erased'] as const;

/** From so many seeds on, what was never reached is a failure. */
const commonAfter = 50;
const rareAfter = 200;

export const faultsIn = (counters: ReadonlyMap<string, number>): number => common.reduce((sum, name) => sum + (counters.get(name) ?? 0), 0);

/** What so many seeds should have reached and did not; `early` is what more seeds would reach. */
export const neverReached = (counters: ReadonlyMap<string, number>, seeds: number) => {
  const missing = (names: readonly string[]): readonly string[] => names.filter((name) => !counters.has(name));
  const [fromCommon, fromRare] = [missing(common), missing(rare)];
  return {
    failed: [...(seeds >= commonAfter ? fromCommon : []), ...(seeds >= rareAfter ? fromRare : [])],
    early: [...(seeds >= commonAfter ? [] : fromCommon), ...(seeds >= rareAfter ? [] : fromRare)],
  };
};
