import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Options, type Outcome, simulate, strayErrors } from './simulate.ts';
import { calm, type FaultKind, type Swarm } from './swarm.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '50' },
    hours: { type: 'string', default: '2' },
    first: { type: 'string', default: '1' },
    seed: { type: 'string' },
    replay: { type: 'string' },
    planted: { type: 'boolean', default: false },
    trace: { type: 'boolean', default: false },
    grep: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
});

process.on('unhandledRejection', (error) => {
  if (strayErrors.current === null) throw error;
  strayErrors.current(error);
});

const hours = Number(values.hours);

const report = (outcome: Outcome): void => {
  const [first] = outcome.problems;
  console.log(`seed ${outcome.seed} FAILS: ${first?.invariant}: ${first?.text}`);
  for (const problem of outcome.problems.slice(1, 6)) console.log(`   also ${problem.invariant}: ${problem.text}`);
};

/** What the timeline says about the ids that a problem names, and what happened to the processes. */
const timelineOf = (outcome: Outcome, wanted?: string): readonly string[] => {
  const text = wanted ?? outcome.problems[0]?.text ?? '';
  const names = wanted !== undefined ? [wanted] : (text.match(/[\w./:@-]*[-@:/][\w./:@-]+/g) ?? []);
  return outcome.trace.filter(
    (line) => names.some((name) => line.includes(name)) || /PROBLEM| dies| starts| is up|is paused|goes on|faults are off/.test(line),
  );
};

/** Switches off whole kinds of faults, as long as the seed still breaks the same invariant. */
const shrink = async (failed: Outcome, options: Options): Promise<Outcome> => {
  const none = calm();
  let best = failed;
  for (const kind of Object.keys(none) as FaultKind[]) {
    if (best.swarm[kind] === none[kind]) continue;
    const swarm = { ...best.swarm, [kind]: none[kind] } as Swarm;
    const tried = await simulate({ ...options, swarm });
    if (tried.problems[0]?.invariant === failed.problems[0]?.invariant) best = tried;
  }
  return best;
};

const fail = async (outcome: Outcome, options: Options): Promise<void> => {
  report(outcome);
  const small = await shrink(outcome, options);
  const again = await simulate({ ...options, swarm: small.swarm, keepTrace: true });
  const on = Object.entries(small.swarm).filter(([kind, value]) => value !== calm()[kind as FaultKind]);
  console.log(`   smallest swarm: ${JSON.stringify(Object.fromEntries(on))}`);
  report(again);
  for (const line of timelineOf(again, values.grep).slice(-60)) console.log(`   ${line}`);
  const file = `sim-replay-${outcome.seed}.json`;
  writeFileSync(
    file,
    `${JSON.stringify({ seed: outcome.seed, hours: options.hours, invariant: outcome.problems[0], swarm: small.swarm }, null, 2)}\n`,
  );
  console.log(`   replay: node sim/main.ts --replay ${file}`);
};

const one = async (options: Options): Promise<void> => {
  const outcome = await simulate({ ...options, keepTrace: true });
  const lines = values.trace ? outcome.trace : timelineOf(outcome, values.grep);
  for (const line of lines) console.log(line);
  if (outcome.problems.length > 0) report(outcome);
  console.log(`seed ${outcome.seed}: ${outcome.problems.length} problems, ${outcome.events} events, hash ${outcome.hash}`);
  console.log(JSON.stringify(outcome.swarm), Object.fromEntries(outcome.counters));
  process.exitCode = outcome.problems.length > 0 ? 1 : 0;
};

/** Every kind of fault and every rare state must have been reached, else the run proves less than it seems to. */
const wanted = [
  'errorBefore',
  'crashBefore',
  'effectThenCrash',
  'lostReply',
  'slow',
  'killsPerHour',
  'pausesPerHour',
  'outagesPerHour',
  'storeOutageHit',
  'brokerOutagesPerHour',
  'brokerWiped',
  'duplicate',
  'delay',
  'reorder',
  'ackLost',
  'readModelErrors',
  'cutSubscriptions',
  'jumpsPerHour',
  'providerFailure',
  'providerLostReply',
  'providerRefuses',
  'providerSlow',
  'providerRepeat',
  'processDied',
  'conflict',
  'manualSlot',
  'pausedSchedule',
  'replayedItem',
  'replayedEffect',
  'discardedEffect',
  'zombieWrite',
];

/** Not reached while one process owns everything: printed, so that nobody takes it for tested. */
const outOfReach = ['conflict'];

const many = async (count: number, first: number): Promise<void> => {
  const began = performance.now();
  const sums = new Map<string, number>();
  let simulated = 0;
  let events = 0;
  let failures = 0;
  let reruns = 0;
  for (let seed = first; seed < first + count; seed++) {
    const outcome = await simulate({ seed, hours });
    simulated += outcome.simulatedMs;
    events += outcome.events;
    for (const [name, value] of outcome.counters) sums.set(name, (sums.get(name) ?? 0) + value);
    if (outcome.problems.length > 0) {
      failures++;
      if (values.keep || failures > 3) report(outcome);
      else await fail(outcome, { seed, hours });
    } else if (seed % 25 === 0) {
      reruns++;
      const again = await simulate({ seed, hours });
      if (again.hash !== outcome.hash) {
        failures++;
        console.log(`seed ${seed} FAILS: two runs have different logs`);
      }
    }
  }
  const seconds = (performance.now() - began) / 1_000;
  const faults = wanted.reduce((sum, name) => sum + (sums.get(name) ?? 0), 0);
  const missing = wanted.filter((name) => !sums.has(name));
  console.log(Object.fromEntries([...sums].sort(([a], [b]) => (a < b ? -1 : 1))));
  console.log(
    `${count} seeds x ${hours} h: ${failures} failed, ${events} events, ${(simulated / 3_600_000).toFixed(0)} simulated hours in ${seconds.toFixed(1)} s ` +
      `(${(simulated / 3_600_000 / seconds).toFixed(1)} h/s), ${faults} faults (${(faults / seconds).toFixed(0)}/s), ${reruns} run twice`,
  );
  if (missing.length > 0)
    console.log(`${count >= 50 ? 'FAILS: never happened' : 'never happened (too few seeds to count)'}: ${missing.join(', ')}`);
  console.log(`not reached with one owner: ${outOfReach.filter((name) => !sums.has(name)).join(', ') || 'none'}`);
  process.exitCode = failures > 0 || (missing.length > 0 && count >= 50) ? 1 : 0;
};

const planted = async (): Promise<void> => {
  const { plants } = await import('./planted/index.ts');
  let missed = 0;
  for (const plant of plants) {
    if (values.grep !== undefined && !plant.name.includes(values.grep)) continue;
    let found: Outcome | null = null;
    for (let seed = 1; seed <= Number(values.seeds) && found === null; seed++) {
      const outcome = await simulate({ seed, hours, plant });
      if (outcome.problems.length > 0) found = outcome;
    }
    if (found === null) missed++;
    console.log(
      `${plant.name.padEnd(28)} ${found === null ? 'NOT FOUND' : `seed ${found.seed}: ${found.problems[0]!.invariant}: ${found.problems[0]!.text}`}`,
    );
  }
  process.exitCode = missed > 0 ? 1 : 0;
};

if (values.replay !== undefined) await one(JSON.parse(readFileSync(values.replay, 'utf8')) as Options);
else if (values.planted) await planted();
else if (values.seed !== undefined) await one({ seed: Number(values.seed), hours });
else await many(Number(values.seeds), Number(values.first));
