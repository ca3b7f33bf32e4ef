import type { AnyDecider } from '../core/decider.ts';
import { messageOf } from '../core/errors.ts';
import type { DomainEvent, StreamName } from '../core/event.ts';
import { scheduleKey } from '../core/ids.ts';
import type { Instant } from '../core/instant.ts';
import type { AnyJob, Look } from '../core/job.ts';
import type { Json } from '../core/json.ts';
import type { Registry } from '../core/registry.ts';
import { evolveAll, settle } from '../core/settle.ts';
import { categoryOf, idOf } from '../core/stream.ts';
import type { ReadModels } from '../ports/read-models.ts';
import { type DueRow, pageDueEverywhere } from '../projections/due-queries.ts';

export type SimulationDeps = {
  readonly registry: Registry;
  readonly readModels: ReadModels;
  /** For jobs that look before they decide; without it they are simulated without what they would see. */
  readonly look?: Look;
};

/** What one actor would do. `events` as they would be appended, without ids. */
export type Proposal = {
  readonly stream: StreamName;
  readonly rule: string;
  readonly events: readonly DomainEvent[];
  readonly before: Json;
  readonly after: Json;
};

export type Simulation = {
  readonly job: string;
  readonly asOf: Instant;
  readonly due: number;
  readonly changed: number;
  readonly failed: number;
  readonly events: { readonly [type: string]: number };
  readonly rules: { readonly [rule: string]: number };
  /** The first of them. */
  readonly actors: readonly Proposal[];
};

const pageSize = 500;
const defaultMaxActors = 200;

/** What a job would do to one actor at `asOf`, by the same settle and decide as a run. Throws what the job's code throws. */
export const propose = (
  registry: Registry,
  job: AnyJob,
  stream: StreamName,
  from: { readonly state: Json; readonly asOf: Instant | null },
  asOf: Instant,
  observed?: Json,
): Proposal => {
  const decider = registry.deciders.get(categoryOf(stream)) as AnyDecider;
  const dues = (registry.dues.get(decider.category) ?? []).filter((due) => due.settles);
  const settled = settle(decider, dues, idOf(stream), from, asOf);
  const events = settled.steps.flatMap((step) => step.decision.events);
  const rules = settled.steps.map((step) => step.decision.rule);
  let { state } = settled;
  if (job.takesEffect === 'at-tick') {
    const decision = decider.decide(job.command(idOf(stream), asOf, observed), state);
    rules.push(decision.rule);
    if (decision.kind === 'accepted') {
      events.push(...decision.events);
      state = evolveAll(decider, state, decision.events);
    }
  }
  return { stream, rule: rules.at(-1) ?? 'nothing-due', events, before: from.state, after: state };
};

const add = (counts: Record<string, number>, name: string): void => {
  counts[name] = (counts[name] ?? 0) + 1;
};

/** What a job would do if its slot were `asOf`: now, or later for a forecast. Nothing is appended (design section 9). */
export const simulate = async (
  deps: SimulationDeps,
  name: string,
  asOf: Instant,
  options: { readonly maxActors?: number; readonly scope?: string } = {},
): Promise<Simulation> => {
  const job = deps.registry.jobs.get(deps.registry.find(name).name)!;
  const events: Record<string, number> = {};
  const rules: Record<string, number> = {};
  const actors: Proposal[] = [];
  let [due, changed, failed] = [0, 0, 0];
  for (let after: DueRow | undefined; ; ) {
    const rows = await pageDueEverywhere(deps.readModels, {
      name: scheduleKey(job.name, options.scope),
      upTo: asOf,
      limit: pageSize,
      ...(after === undefined ? {} : { after }),
    });
    for (const row of rows) {
      due += 1;
      try {
        const observed =
          job.observe !== undefined && deps.look !== undefined
            ? await job.observe(idOf(row.stream as StreamName), asOf, deps.look)
            : undefined;
        const proposal = propose(deps.registry, job, row.stream as StreamName, row, asOf, observed);
        for (const event of proposal.events) add(events, event.type);
        add(rules, proposal.rule);
        if (proposal.events.length > 0) changed += 1;
        if (actors.length < (options.maxActors ?? defaultMaxActors)) actors.push(proposal);
      } catch (error) {
        failed += 1;
        add(rules, `failed: ${messageOf(error).slice(0, 80)}`);
      }
    }
    after = rows.at(-1);
    if (rows.length < pageSize) return { job: job.name, asOf, due, changed, failed, events, rules, actors };
  }
};
