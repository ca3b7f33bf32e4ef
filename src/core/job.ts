import type { Answer, Command, Wish } from './command.ts';
import type { AnyDecider, Decider } from './decider.ts';
import type { DomainEvent } from './event.ts';
import type { Duration, Instant } from './instant.ts';
import type { Json } from './json.ts';
import type { Row } from './projection.ts';
import type { Timetable } from './slots.ts';

/** `context/verb-noun`, for example `giving/release-escrows`. */
export type JobName = `${string}/${string}`;

/** Waits between the tries of an item: `first`, then doubled (exponential) or the same (constant), never above `max`. */
export type Backoff = { readonly kind: 'exponential' | 'constant'; readonly first: Duration; readonly max?: Duration };

export const exponential = (first: Duration, max: Duration = '1h'): Backoff => ({ kind: 'exponential', first, max });
export const constant = (first: Duration): Backoff => ({ kind: 'constant', first });

/** Something that an actor does at an instant of its own: `settle` applies it. */
export type Transition<S extends Json = Json, C extends Wish = Wish> = {
  readonly name: string;
  /** The first instant at which this actor may act, or null. */
  dueAt(state: S): Instant | null;
  /** The wish of that instant. `observed` is what `observe` saw, for jobs that look outside. */
  command(id: string, asOf: Instant, observed?: Json): C;
};

/** Read access to the outside for `observe`; the answer is stored in the event. */
export type Look = {
  /** The state of another actor as the log has it now. */
  state(stream: string): Promise<Json>;
  /** Rows of a read model that has reached the run's position, along its key or an index; at most 1,000. */
  rows(table: string, where: Readonly<Record<string, string | number>>): Promise<readonly Row[]>;
  /** A question to a source outside that a context names, for example a chain's node. Throws without an answer. */
  ask(source: string, question: Json): Promise<Json>;
};

/** What every scheduled thing has, jobs and tasks alike. */
export type Scheduled = {
  readonly name: JobName;
  readonly title: string;
  readonly aliases?: readonly string[];
  readonly schedule: Timetable;
  /** IANA zone in which the schedule is read. */
  readonly zone: string;
  /** False: its slots are recorded as skipped; only a manual slot runs it. */
  readonly enabled?: boolean;
  /** Jobs whose same slot comes first. */
  readonly after?: readonly JobName[];
  /** Wait after the slot before planning, for facts that are on their way. */
  readonly grace?: Duration;
  /** Missed slots of tasks and at-tick jobs: the latest only (default), all of them, or none. */
  readonly catchUp?: 'latest' | 'all' | 'skip';
  /** A slot due while one is open: skipped (default) or opened afterwards. At-due jobs always queue. */
  readonly overlap?: 'skip' | 'queue';
  readonly attempts: number;
  readonly backoff: Backoff;
  readonly timeoutMinutes: number;
  /** Late when the last success is older than this. */
  readonly healthyWithinMinutes: number;
};

/** A job: due transitions of the actors of one category, made sure of by a schedule. */
export type Job<S extends Json = Json, C extends Wish = Wish, E extends DomainEvent = DomainEvent> = Scheduled &
  Transition<S, C> & {
    readonly actor: Decider<S, C, E>;
    /** at-due: takes effect at its own instant, whoever settles. at-tick: only a tick does it, once, at the slot. */
    readonly takesEffect: 'at-due' | 'at-tick';
    /** Read-only look outside before an at-tick decision. */
    observe?(id: string, asOf: Instant, look: Look): Promise<Json>;
    /** The scope (tenant) whose schedule this actor follows. */
    scopeOf?(state: S): string;
    /** The brake: a run due for more than this share of the category's actors is held for approval (0 to 1). */
    readonly maxShare?: number;
  };

export type AnyJob = Scheduled &
  Transition & {
    readonly actor: AnyDecider;
    readonly takesEffect: 'at-due' | 'at-tick';
    observe?(id: string, asOf: Instant, look: Look): Promise<Json>;
    scopeOf?(state: Json): string;
    readonly maxShare?: number;
  };

type Defaults = 'attempts' | 'backoff' | 'timeoutMinutes' | 'zone' | 'takesEffect';
const defaults = { attempts: 3, backoff: exponential('2s'), timeoutMinutes: 30, zone: 'UTC', takesEffect: 'at-due' } as const;

/** Declares a job. What is left out: UTC, at-due, 3 attempts, exponential from 2 s, 30 minutes. */
export const defineJob = <S extends Json, const C extends Wish, E extends DomainEvent>(
  job: Omit<Job<S, C, E>, Defaults> & Partial<Pick<Job<S, C, E>, Defaults>>,
): Job<S, C, E> => ({ ...defaults, ...job });

/** What a task's function gives back. */
export type TaskResult = { readonly success: boolean; readonly message: string; readonly details?: Json };

/** What a task's function is given. */
export type TaskTools = {
  readonly slot: Instant;
  readonly attempt: number;
  readonly signal: AbortSignal;
  readonly look: Look;
  /** Sends a command once per slot and key (the type and actor when absent), however often the task runs again. */
  send(command: Pick<Command, 'to' | 'type' | 'data'> & { readonly key?: string }): Promise<Answer>;
  log(message: string, facts?: Json): void;
};

/** A plain function on a schedule: at least once, retried with backoff; it has no due actors of its own. */
export type Task = Scheduled & { readonly run: (slot: Instant, tools: TaskTools) => Promise<TaskResult> };

type TaskOptions = Partial<Omit<Task, 'name' | 'schedule' | 'run'>>;

// A task has no due actors: nothing of it takes effect at a due instant.
const { takesEffect: _, ...taskDefaults } = defaults;

/**
 * A plain async function on a schedule. It runs at least once for each slot that its `catchUp` keeps: after a crash in
 * the middle it runs again, so it should be safe to repeat. Same slots, runs, retries and history as a job.
 */
export const defineTask = (name: JobName, schedule: Timetable, run: Task['run'], options: TaskOptions = {}): Task => ({
  ...taskDefaults,
  title: name,
  healthyWithinMinutes: 25 * 60,
  ...options,
  name,
  schedule,
  run,
});
