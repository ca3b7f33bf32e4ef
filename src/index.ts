/** What users of Carillon import: definitions, the app, and the given/when/then helpers for their own tests. */
export { type App, type AppOptions, createApp } from './app.ts';
export { type Config, type ConfigFile, defineConfig, loadConfig } from './config.ts';
export type { Answer, Command, Wish } from './core/command.ts';
export { type Context, type ContextDefinition, defineContext } from './core/context.ts';
export { accept, type Decider, type Decision, defineDecider, ignore, reject } from './core/decider.ts';
export { type Definition, endScheduleOfScope, type ScopedSchedule, scheduleForScope } from './core/definition.ts';
export { defineEffect, type Effect, type EffectCall, type EffectOutcome } from './core/effect.ts';
export { CarillonError, type ErrorCode, errorCodes, isCarillonError } from './core/errors.ts';
export type { DomainEvent, RecordedEvent, StreamName } from './core/event.ts';
export { type Duration, fromMs, type Instant, instant, justAfter, plus, startOfUtcDay, toMs } from './core/instant.ts';
export {
  type Backoff,
  constant,
  defineJob,
  defineTask,
  exponential,
  type Job,
  type Look,
  type Task,
  type TaskResult,
  type TaskTools,
} from './core/job.ts';
export type { Json, JsonObject } from './core/json.ts';
export { defineBoard } from './core/leaderboard.ts';
export { defineProjection, type Projection } from './core/projection.ts';
export { defineReactor, type EffectWish, type Reaction, type Reactor } from './core/reactor.ts';
export { cron, every, type Timetable } from './core/slots.ts';
export { given } from './testing/given.ts';
