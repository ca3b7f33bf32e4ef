import type { RunCommand, RunState } from '../contexts/engine/run/run.ts';
import { nextAttemptAt } from '../core/backoff.ts';
import type { Answer } from '../core/command.ts';
import { messageOf } from '../core/errors.ts';
import type { StreamName } from '../core/event.ts';
import { derivedId, jobOfKey, runStream, type SlotId } from '../core/ids.ts';
import type { TaskResult, TaskTools } from '../core/job.ts';
import type { OrderDeps } from './orders.ts';

/** Runs the plain functions of tasks: at least once, again with backoff up to `attempts`, then the run has failed. */
export const createTasks = (
  deps: OrderDeps,
  send: (to: StreamName, slot: SlotId, wish: RunCommand) => Promise<Answer>,
  signal: AbortSignal,
) => {
  const active = new Set<SlotId>();

  const attemptOnce = async (slot: SlotId, run: RunState, attempt: number): Promise<TaskResult> => {
    const task = deps.registry.tasks.get(jobOfKey(run.key));
    if (task === undefined) return { success: false, message: `no task of this build is named ${jobOfKey(run.key)}` };
    const log = (message: string, facts?: unknown): void =>
      deps.observers.note({ kind: 'log', level: 'info', scope: task.name, message, facts: { slot, attempt, facts } });
    try {
      const sendOnce: TaskTools['send'] = ({ key, ...wish }) =>
        deps.commands.send({
          ...wish,
          id: derivedId(slot, key ?? `${wish.type} ${wish.to}`),
          asOf: deps.clock.now(),
          correlationId: slot,
        });
      return await task.run(run.at!, { slot: run.at!, attempt, signal, log, look: deps.look, send: sendOnce });
    } catch (error) {
      return { success: false, message: messageOf(error) };
    }
  };

  const carryOut = async (slot: SlotId, run: RunState): Promise<void> => {
    const task = deps.registry.tasks.get(jobOfKey(run.key));
    for (let attempt = run.attempt + 1; ; attempt++) {
      if (run.nextAt !== null && attempt === run.attempt + 1) await deps.clock.sleepUntil(run.nextAt, signal);
      if (signal.aborted) return;
      const result = await attemptOnce(slot, run, attempt);
      if (signal.aborted && !result.success) return;
      const now = deps.clock.now();
      const stream = runStream(slot);
      if (result.success) {
        await send(stream, slot, {
          type: 'CompleteRun',
          data: { parked: 0, result: { message: result.message, details: result.details ?? null } },
          asOf: now,
        });
        return;
      }
      if (task === undefined || attempt >= task.attempts) {
        await send(stream, slot, { type: 'FailRun', data: { message: result.message }, asOf: now });
        return;
      }
      const nextAt = nextAttemptAt(task.backoff, attempt, now);
      const answer = await send(stream, slot, { type: 'FailTask', data: { attempt, message: result.message, nextAt }, asOf: now });
      if (answer.kind !== 'accepted') return;
      await deps.clock.sleepUntil(nextAt, signal);
    }
  };

  return {
    start: async (slot: SlotId, run: RunState): Promise<void> => {
      if (active.has(slot)) return;
      active.add(slot);
      // Beside the coordinator: cancelling and the timeout must be heard while the function runs.
      carryOut(slot, run)
        .catch((error: unknown) =>
          deps.observers.note({ kind: 'log', level: 'error', scope: 'tasks', message: messageOf(error), facts: { slot } }),
        )
        .finally(() => active.delete(slot));
    },
  };
};
