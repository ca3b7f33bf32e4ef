import cron, { type Logger, type ScheduledTask } from 'node-cron';

/** Calls back about once a second while it runs. Only a wake-up hint: nothing counts beats. */
export type Heartbeat = { start(): void; stop(): void };

/** Just before the next beat, so that it sees a jump of the clock before node-cron does. */
const guardMs = 950;
const jumpMs = 2000;
const silentMs = 3000;

const silent: Logger = { info() {}, warn() {}, error() {}, debug() {} };

/**
 * node-cron's every-second task, and a guard around it. After a forward jump of the wall clock node-cron would walk
 * through each missed second (35 us each), after a backward one it would be silent until the old time comes round
 * again; the guard compares the wall clock with the monotonic one and starts it afresh.
 */
export const createHeartbeat = (beat: () => void): Heartbeat => {
  let task: ScheduledTask | null = null;
  let guard: NodeJS.Timeout | undefined;
  let drift = 0;
  let lastBeat = 0;

  const measure = (): number => Date.now() - performance.now();
  const arm = (): void => {
    clearTimeout(guard);
    guard = setTimeout(check, guardMs).unref();
  };
  const begin = (): void => {
    void task?.destroy();
    drift = measure();
    lastBeat = performance.now();
    task = cron.schedule('* * * * * *', onBeat, { timezone: 'UTC', unref: true, suppressMissedWarning: true, logger: silent });
    arm();
  };
  const onBeat = (): void => {
    drift = measure();
    lastBeat = performance.now();
    arm();
    beat();
  };
  const check = (): void => {
    if (!task) return;
    if (Math.abs(measure() - drift) > jumpMs || performance.now() - lastBeat > silentMs) {
      begin();
      beat();
    } else arm();
  };
  return {
    start() {
      if (!task) begin();
    },
    stop() {
      clearTimeout(guard);
      void task?.destroy();
      task = null;
    },
  };
};
