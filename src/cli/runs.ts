import type { RunRow } from '../projections/run-queries.ts';
import type { Client } from './client.ts';
import { CliEnd, exits } from './exit.ts';
import { type Column, when } from './output.ts';

export type Run = RunRow;

const slotOf = (run: Run): string =>
  run.slot
    .slice(run.slot.indexOf('@') + 1)
    .replace(/^manual-.*/, 'manual')
    .replace('T', ' ')
    .replace(/Z/, '');

/** The table of runs, as every command prints it. */
export const runColumns: readonly Column<Run>[] = [
  { title: 'JOB', of: (run) => run.key },
  { title: 'SLOT', of: (run) => (slotOf(run) === 'manual' ? `${when(run.at)} manual` : slotOf(run)) },
  { title: 'VERDICT', of: (run) => run.verdict },
  { title: 'DUE', right: true, of: (run) => String(run.due) },
  { title: 'CHANGED', right: true, of: (run) => String(run.changed) },
  { title: 'PARKED', right: true, of: (run) => String(run.parked) },
  {
    title: 'EVENTS',
    of: (run) =>
      Object.entries(run.events)
        .map(([type, count]) => `${type} ${count}`)
        .join(', '),
  },
];

const lookAgainMs = 100;

/** `30s`, `5m` or plain seconds, as seconds. Ends with 2 on anything else. */
export const seconds = (text: string): number => {
  const match = /^(\d{1,6})(s|m)?$/.exec(text);
  if (match === null) throw new CliEnd(exits.usage, `--timeout takes seconds or minutes such as 30s or 5m, not "${text}"`);
  return Number(match[1]) * (match[2] === 'm' ? 60 : 1);
};

export const pathOf = (slot: string): string => `/api/v1/runs/${encodeURIComponent(slot)}`;

/** Looks at a run until it has its verdict. Ends with 124 after `seconds`. */
export const waitForRun = async (
  client: Client,
  slot: string,
  seconds: number,
  told: (run: Run) => void = () => undefined,
): Promise<Run> => {
  const limit = performance.now() + seconds * 1_000;
  for (;;) {
    const run = await client.call<Run>('GET', pathOf(slot));
    told(run);
    if (run.verdict !== 'open') return run;
    if (performance.now() > limit)
      throw new CliEnd(exits.timedOut, `${slot} has no verdict after ${seconds} s; it goes on`, `carillon runs watch ${slot}`);
    await new Promise((resolve) => setTimeout(resolve, lookAgainMs));
  }
};
