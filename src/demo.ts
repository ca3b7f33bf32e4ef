import { readFileSync } from 'node:fs';
import { parseIntake } from './api/intake.ts';
import type { App } from './app.ts';
import type { ScheduleState } from './contexts/engine/schedule/events.ts';
import { nextPending } from './contexts/engine/schedule/slots-of.ts';
import { toMs } from './core/instant.ts';
import type { IntakeLine } from './core/intake.ts';
import { listActors } from './projections/due-queries.ts';
import { listRuns, type RunRow } from './projections/run-queries.ts';

const factsFile = new URL('../examples/long-weekend.ndjson', import.meta.url);
const lookAgainMs = 25;

/** The sample facts of `examples/`: a long weekend of three systems. */
export const demoFacts = (): { name: string; lines: readonly IntakeLine[] } => ({
  name: 'long-weekend',
  lines: parseIntake(readFileSync(factsFile, 'utf8')),
});

/** Every schedule of the app has no slot open and none due. */
const caughtUp = async ({ service }: App): Promise<boolean> => {
  const now = service.clock.now();
  const rows = await listActors(service.readModels, 'engine.schedule', { limit: 1_000 });
  return rows.every((row) => {
    const state = row.state as ScheduleState;
    const next = nextPending(state);
    return state.open === null && (next === null || next > now);
  });
};

export type DemoResult = { readonly runs: readonly RunRow[]; readonly example: string | null; readonly failed: boolean };

/** Waits for the import of the sample facts and for the catch-up behind it, and tells what ran. */
export const runDemo = async (app: App, progress: (done: number, total: number) => void = () => undefined): Promise<DemoResult> => {
  const { service } = app;
  for (;;) {
    const state = app.imported === null ? null : await service.imports.progress(app.imported);
    if (state !== null) progress(state.done, state.lines);
    if (state?.status === 'failed') throw new Error(state.message ?? 'The import of the sample facts failed');
    if ((state === null || state.status === 'finished') && (await caughtUp(app))) break;
    await service.clock.sleep(lookAgainMs);
  }
  const runs = (await listRuns(service.readModels, { limit: 10_000 })).filter((run) => run.verdict !== 'open');
  const oldestFirst = [...runs].sort((a, b) => toMs(a.at) - toMs(b.at));
  const failed = runs.some((run) => run.verdict === 'failed' || run.verdict === 'timed-out');
  const released = oldestFirst.findLast((run) => (run.events.EscrowReleased ?? 0) > 0);
  return { runs: oldestFirst, example: released === undefined ? null : await changedBy(app, released.slot), failed };
};

/** One actor that a slot changed, to explain. */
const changedBy = async ({ service }: App, slot: string): Promise<string | null> => {
  for await (const page of service.store.readAll({ types: ['EscrowReleased'] })) {
    const event = page.events.find((each) => each.metadata.correlationId === slot);
    if (event !== undefined) return event.stream;
  }
  return null;
};
