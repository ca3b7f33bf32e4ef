import type { Context, Source } from './context.ts';
import type { AnyDecider } from './decider.ts';
import type { Effect } from './effect.ts';
import { CarillonError } from './errors.ts';
import type { AnyJob, Scheduled, Task, Transition } from './job.ts';
import type { Json } from './json.ts';
import type { Projection } from './projection.ts';
import type { Reactor } from './reactor.ts';
import { validateTimetable } from './slots.ts';
import { contextOf } from './stream.ts';

/** One due instant that a category's actors have: a job's or a timer's. */
export type Due = {
  readonly name: string;
  readonly transition: Transition;
  readonly settles: boolean;
  readonly scopeOf?: (state: Json) => string;
};

/** All contexts, indexed and checked. Built once at start; nothing is registered later. */
export type Registry = {
  readonly contexts: readonly Context[];
  readonly deciders: ReadonlyMap<string, AnyDecider>;
  /** Per category, in registry order: what `settle` applies by itself (at-due jobs, timers) and what only a tick does. */
  readonly dues: ReadonlyMap<string, readonly Due[]>;
  readonly jobs: ReadonlyMap<string, AnyJob>;
  readonly tasks: ReadonlyMap<string, Task>;
  /** Jobs and tasks by name, in registry order. */
  readonly scheduled: ReadonlyMap<string, Scheduled>;
  readonly reactors: readonly Reactor[];
  readonly effects: ReadonlyMap<string, Effect>;
  readonly projections: readonly Projection[];
  readonly sources: ReadonlyMap<string, Source>;
  /** A job or task by its name, an alias, or the part after the slash when unique. Throws `job-unknown`, `ambiguous-name`. */
  find(name: string): Scheduled;
};

const bad = (message: string): never => {
  throw new CarillonError('definition-invalid', message);
};

const indexBy = <T>(what: string, items: readonly T[], nameOf: (item: T) => string): Map<string, T> => {
  const map = new Map<string, T>();
  for (const item of items) {
    if (map.has(nameOf(item))) bad(`${what} "${nameOf(item)}" is defined twice`);
    map.set(nameOf(item), item);
  }
  return map;
};

const duesOf = (contexts: readonly Context[]): Map<string, Due[]> => {
  const dues = new Map<string, Due[]>();
  const add = (category: string, due: Due): void => {
    dues.set(category, [...(dues.get(category) ?? []), due]);
  };
  for (const context of contexts) {
    for (const job of context.jobs ?? []) {
      const due = { name: job.name, transition: job, settles: job.takesEffect === 'at-due' };
      add(job.actor.category, job.scopeOf ? { ...due, scopeOf: (state) => job.scopeOf?.(state) ?? '' } : due);
    }
    for (const timer of context.timers ?? [])
      add(timer.category, { name: timer.transition.name, transition: timer.transition, settles: false });
  }
  return dues;
};

const checkNames = (contexts: readonly Context[], scheduled: ReadonlyMap<string, Scheduled>): void => {
  for (const context of contexts) {
    for (const decider of context.deciders) {
      if (!/^[a-z][a-z0-9]*\.[a-z][a-z0-9]*$/.test(decider.category))
        bad(`category "${decider.category}" is not context.noun in lower case`);
      if (contextOf(decider.category) !== context.name) bad(`category "${decider.category}" does not belong to context "${context.name}"`);
    }
    for (const item of [...(context.jobs ?? []), ...(context.tasks ?? [])]) {
      if (!/^[a-z][a-z0-9]*\/[a-z][a-z0-9-]*$/.test(item.name)) bad(`job "${item.name}" is not context/verb-noun in lower case`);
      if (!item.name.startsWith(`${context.name}/`)) bad(`job "${item.name}" does not belong to context "${context.name}"`);
      if (!(item.attempts >= 1)) bad(`job "${item.name}": attempts must be 1 or more`);
      if (!(item.timeoutMinutes > 0)) bad(`job "${item.name}": timeoutMinutes must be above 0`);
      validateTimetable(item.schedule, item.zone);
      for (const before of item.after ?? [])
        if (!scheduled.has(before)) bad(`job "${item.name}" comes after "${before}", which does not exist`);
    }
  }
  const events = contexts.flatMap((context) => context.deciders.flatMap((decider) => decider.events));
  indexBy('event', events, (event) => event);
};

const finder = (scheduled: ReadonlyMap<string, Scheduled>): Registry['find'] => {
  const aliases = indexBy(
    'job alias',
    [...scheduled.values()].flatMap((item) => (item.aliases ?? []).map((alias) => ({ alias, item }))),
    (entry) => entry.alias,
  );
  return (name) => {
    const exact = scheduled.get(name) ?? aliases.get(name)?.item;
    if (exact) return exact;
    const short = [...scheduled.values()].filter((item) => item.name.endsWith(`/${name}`));
    if (short.length > 1)
      throw new CarillonError('ambiguous-name', `"${name}" is the name of ${short.map((item) => item.name).join(' and ')}`);
    return (
      short[0] ??
      (() => {
        throw new CarillonError('job-unknown', `No job is named "${name.slice(0, 60)}"`);
      })()
    );
  };
};

/** Indexes and checks all contexts. Throws `definition-invalid`, `cron-invalid`, `zone-invalid`, naming what is wrong. */
export const buildRegistry = (contexts: readonly Context[]): Registry => {
  indexBy('context', contexts, (context) => context.name);
  const jobs = indexBy(
    'job',
    contexts.flatMap((context) => context.jobs ?? []),
    (job) => job.name,
  );
  const tasks = indexBy(
    'task',
    contexts.flatMap((context) => context.tasks ?? []),
    (task) => task.name,
  );
  const scheduled = indexBy<Scheduled>('job', [...jobs.values(), ...tasks.values()], (item) => item.name);
  checkNames(contexts, scheduled);
  return {
    contexts,
    deciders: indexBy(
      'category',
      contexts.flatMap((context) => context.deciders),
      (decider) => decider.category,
    ),
    dues: duesOf(contexts),
    sources: new Map(
      indexBy(
        'source',
        contexts.flatMap((context) => Object.entries(context.sources ?? {})),
        ([name]) => name,
      ).values(),
    ),
    jobs,
    tasks,
    scheduled,
    reactors: [
      ...indexBy(
        'reactor',
        contexts.flatMap((context) => context.reactors ?? []),
        (reactor) => reactor.name,
      ).values(),
    ],
    effects: indexBy(
      'effect',
      contexts.flatMap((context) => context.effects ?? []),
      (effect) => effect.name,
    ),
    projections: contexts.flatMap((context) => context.projections ?? []),
    find: finder(scheduled),
  };
};
