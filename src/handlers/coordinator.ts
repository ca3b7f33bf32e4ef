import { dueOf, parkedOf, type RunCommand, type RunState } from '../contexts/engine/run/run.ts';
import type { OpenSlotState, ScheduleState, Verdict } from '../contexts/engine/schedule/events.ts';
import type { ScheduleCommand } from '../contexts/engine/schedule/schedule.ts';
import type { Answer, Command } from '../core/command.ts';
import { messageOf } from '../core/errors.ts';
import type { StreamName } from '../core/event.ts';
import { jobOfKey, keyOfSlot, runStream, type SlotId, scheduleStream } from '../core/ids.ts';
import { toMs } from '../core/instant.ts';
import type { Json } from '../core/json.ts';
import type { Broker } from '../ports/broker.ts';
import { exchanges } from '../ports/broker.ts';
import { caughtUp } from '../projections/caught-up.ts';
import { getRun, runsName } from '../projections/run-queries.ts';
import type { OrderDeps } from './orders.ts';
import { createPlanner, type Plan } from './plan.ts';
import type { ReactorProgress } from './reactors.ts';
import type { Order } from './slice.ts';
import { createTasks } from './tasks.ts';

export type CoordinatorDeps = OrderDeps & {
  readonly broker: Broker;
  readonly reactors: ReactorProgress;
  /** The due instants are those of this build and its settings. */
  readonly recomputed: Promise<void>;
  peek(stream: StreamName): Promise<Json>;
};

type Send = ScheduleCommand | RunCommand;

/**
 * Takes an open slot to its verdict: plan, run, orders, completion, closing. It reads the schedule's and the run's
 * stream and does the next missing step, so a nudge after a crash at any point is the same as the first call.
 */
export const createCoordinator = (deps: CoordinatorDeps, signal: AbortSignal) => {
  const active = new Map<SlotId, { again: boolean }>();
  const started = new Set<SlotId>();
  const traces = new Map<SlotId, string>();
  const plan = createPlanner(deps, signal);

  const send = (to: StreamName, slot: SlotId, wish: Send): Promise<Answer> => {
    const traceparent = traces.get(slot);
    const command: Command = {
      ...wish,
      data: wish.data as Json,
      id: deps.ids.next(),
      to,
      correlationId: slot,
      ...(traceparent === undefined ? {} : { traceparent }),
    };
    return deps.commands.send(command, { urgent: true });
  };
  const tasks = createTasks(deps, send, signal);

  const close = async (slot: SlotId, verdict: Verdict, run: RunState | null, open: OpenSlotState): Promise<void> => {
    await caughtUp(deps, [runsName], signal);
    // A stop ends the wait early: the counts may lag, and the next owner closes the slot.
    if (signal.aborted) return;
    const row = await getRun(deps.readModels, slot);
    const counts = {
      due: run === null ? 0 : dueOf(run),
      changed: row?.changed ?? 0,
      parked: run === null ? 0 : parkedOf(run),
      events: row?.events ?? {},
    };
    const now = deps.clock.now();
    const durationMs = Math.max(0, toMs(now) - toMs(open.openedAt));
    await send(scheduleStream(keyOfSlot(slot)), slot, {
      type: 'CloseSlot',
      data: { slot, verdict, counts, durationMs, message: run?.message ?? null },
      asOf: now,
    });
    const { events: _, ...numbers } = counts;
    deps.observers.note({
      kind: 'slot-closed',
      job: jobOfKey(keyOfSlot(slot)),
      slot,
      verdict,
      cause: open.cause,
      durationMs,
      counts: numbers,
    });
    started.delete(slot);
    traces.delete(slot);
  };

  const openRun = async (slot: SlotId, open: OpenSlotState, made: Plan): Promise<void> => {
    const key = keyOfSlot(slot);
    const item = deps.registry.scheduled.get(jobOfKey(key));
    const data = {
      slot,
      key,
      at: open.at,
      cause: open.cause,
      task: made.task,
      due: made.due,
      timeoutMinutes: item?.timeoutMinutes ?? 30,
      held: made.held,
      ...(open.imported === undefined ? {} : { imported: open.imported }),
    };
    await send(runStream(slot), slot, { type: 'OpenRun', data, asOf: deps.clock.now() });
  };

  const order = async (slot: SlotId, run: RunState): Promise<void> => {
    const traceparent = traces.get(slot);
    for (const [partition, part] of Object.entries(run.parts)) {
      if (part.finished) continue;
      const manual = run.cause === 'manual' || run.cause === 'backfill';
      const body: Order = {
        slot,
        key: run.key,
        asOf: run.at!,
        partition,
        epoch: run.epoch,
        manual,
        careful: run.careful,
        ...(run.imported === undefined ? {} : { imported: run.imported }),
        ...(traceparent === undefined ? {} : { traceparent }),
      };
      const headers: Record<string, string> = traceparent === undefined ? {} : { traceparent };
      await deps.broker.publish(exchanges.commands, partition, { id: `${slot} ${partition} ${run.epoch}`, type: 'order', headers, body });
    }
  };

  const goOn = async (slot: SlotId, run: RunState): Promise<void> => {
    if (run.task) return tasks.start(slot, run);
    if (Object.values(run.parts).every((part) => part.finished)) {
      await send(runStream(slot), slot, { type: 'CompleteRun', data: { parked: parkedOf(run), result: null }, asOf: deps.clock.now() });
      return;
    }
    // A run that was begun by a process that is gone gets a new epoch: its old orders are stopped by it.
    if (!started.has(slot)) {
      started.add(slot);
      await send(runStream(slot), slot, { type: 'ResumeRun', data: {}, asOf: deps.clock.now() });
      return;
    }
    started.add(slot);
    await order(slot, run);
  };

  const step = async (slot: SlotId): Promise<void> => {
    const schedule = (await deps.peek(scheduleStream(keyOfSlot(slot)))) as ScheduleState;
    const open = schedule.open;
    if (open?.slot !== slot) return;
    const run = (await deps.peek(runStream(slot))) as RunState;
    if (run.status === 'running') return goOn(slot, run);
    if (run.status === 'held') return;
    if (run.status !== 'none') return close(slot, run.status, run, open);
    const made = await plan(slot, open);
    if (signal.aborted) return;
    if (made === null) return close(slot, 'completed', null, open);
    started.add(slot);
    return openRun(slot, open, made);
  };

  const nudge = (slot: SlotId, traceparent?: string): void => {
    if (signal.aborted) return;
    if (traceparent !== undefined && !traces.has(slot)) traces.set(slot, traceparent);
    const current = active.get(slot);
    if (current !== undefined) {
      current.again = true;
      return;
    }
    const entry = { again: false };
    active.set(slot, entry);
    step(slot)
      .catch((error: unknown) => {
        if (!signal.aborted)
          deps.observers.note({ kind: 'log', level: 'error', scope: 'coordinator', message: messageOf(error), facts: { slot } });
      })
      .finally(() => {
        active.delete(slot);
        if (entry.again) nudge(slot);
      });
  };

  return { nudge };
};
