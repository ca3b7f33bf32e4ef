import type { ImportState } from '../contexts/engine/import/events.ts';
import type { ScheduleState } from '../contexts/engine/schedule/events.ts';
import { nextPending, slotAfter } from '../contexts/engine/schedule/slots-of.ts';
import type { Answer, Command } from '../core/command.ts';
import { CarillonError, isTransient, messageOf } from '../core/errors.ts';
import type { StreamName } from '../core/event.ts';
import { derivedId, scheduleKey, scheduleStream } from '../core/ids.ts';
import { fromMs, type Instant, plus, toMs } from '../core/instant.ts';
import type { ImportProgress, IntakeLine } from '../core/intake.ts';
import type { Json } from '../core/json.ts';
import { categoryOf, contextOf, idOf, streamOf } from '../core/stream.ts';
import { caughtUp } from '../projections/caught-up.ts';
import { dueIndexName } from '../projections/due-index.ts';
import { actorRow, firstDueAt } from '../projections/due-queries.ts';
import { countHeld } from '../projections/parked.ts';
import type { EngineParts } from './deps.ts';
import type { ReactorProgress } from './reactors.ts';

export type ImportDeps = EngineParts & {
  readonly reactors: ReactorProgress;
};

const chunk = 500;
const lookAgainMs = 5;
/** While store or owner are away, a line is sent again this often. */
const retryMs = 250;
const weekMs = 7 * 86_400_000;

type Line = IntakeLine & { readonly asOf: Instant };

/** Whole weeks to add so that the newest line lies within the last seven days. */
export const shiftFor = (newest: Instant, now: Instant): number => Math.max(0, Math.floor((toMs(now) - toMs(newest)) / weekMs));

/** Walks the past slot by slot: lines up to a slot with something due, that slot to its verdict, and on (design section 5). */
export const createImports = (deps: ImportDeps, signal: AbortSignal) => {
  const running = new Map<string, Promise<void>>();
  const failures = new Map<string, string>();

  const stateOf = async (stream: StreamName): Promise<ImportState | null> => {
    const row = await actorRow(deps.readModels, stream);
    return row === null ? null : (row.state as ImportState);
  };

  const tell = async (stream: StreamName, type: string, data: Json, by: string, reason: string): Promise<Answer> =>
    deps.commands.send({ id: deps.ids.next(), to: stream, type, data, asOf: deps.clock.now(), by, reason });

  const indexed = (): Promise<void> => caughtUp(deps, [dueIndexName], signal);

  const jobsOf = (contexts: readonly string[]) =>
    [...deps.registry.jobs.values()].filter((job) => contexts.includes(contextOf(job.actor.category)));

  const scheduleOf = async (key: string): Promise<ScheduleState | null> => {
    const row = await actorRow(deps.readModels, scheduleStream(key));
    return row === null ? null : (row.state as ScheduleState);
  };

  /** The first slot of these contexts that has something due in it, up to `limit`. */
  const nextDueSlot = async (contexts: readonly string[], limit: Instant): Promise<Instant | null> => {
    let first: Instant | null = null;
    for (const job of jobsOf(contexts)) {
      const key = scheduleKey(job.name);
      const [state, due] = await Promise.all([scheduleOf(key), firstDueAt(deps.readModels, key)]);
      if (state === null || due === null) continue;
      const pending = nextPending(state);
      const slot = pending === null ? null : slotAfter(state, plus(due > pending ? due : pending, -1));
      if (slot !== null && slot <= limit && (first === null || slot < first)) first = slot;
    }
    return first;
  };

  /** Every slot of these contexts up to `cursor` has its verdict, or has nothing due and waits for the next one. */
  const drained = async (contexts: readonly string[], cursor: Instant): Promise<void> => {
    for (;;) {
      if (signal.aborted) return;
      for (const job of jobsOf(contexts)) await deps.reactors.drained(job.actor.category, signal);
      await indexed();
      const open = await Promise.all(jobsOf(contexts).map(async (job) => (await scheduleOf(scheduleKey(job.name)))?.open ?? null));
      if (open.every((slot) => slot === null) && (await nextDueSlot(contexts, cursor)) === null) return;
      await deps.clock.sleep(lookAgainMs, signal);
    }
  };

  /** What is transient passes: the same id again is answered as then. Throws `internal` for what will not do. */
  const sendUntilAnswered = async (command: Command): Promise<Answer> => {
    for (;;) {
      try {
        const answer = await deps.commands.send(command);
        if (answer.kind !== 'failed') return answer;
        if (!answer.transient || answer.code === 'actor-failed') throw new CarillonError('internal', `${answer.stream}: ${answer.message}`);
      } catch (error) {
        if (!isTransient(error) || signal.aborted) throw error;
      }
      await deps.clock.sleep(retryMs, signal);
    }
  };

  const walk = async (
    stream: StreamName,
    lines: readonly Line[],
    contexts: readonly string[],
    by: string,
    reason: string,
  ): Promise<void> => {
    const counts = { accepted: 0, rejected: 0, ignored: 0 };
    const last = lines.at(-1)!.asOf;
    for (let index = 0; !signal.aborted; ) {
      await indexed();
      const slot = await nextDueSlot(contexts, last);
      const end = Math.min(index + chunk, lines.length);
      let to = index;
      while (to < end && (slot === null || lines[to]!.asOf <= slot)) to += 1;
      const commands: Command[] = lines.slice(index, to).map((line) => ({
        id: line.id,
        to: line.to as StreamName,
        type: line.type,
        data: line.data,
        asOf: line.asOf,
        by,
        reason,
        imported: idOf(stream),
      }));
      for (const answer of await Promise.all(commands.map(sendUntilAnswered))) if (answer.kind !== 'failed') counts[answer.kind] += 1;
      const sent = to - index;
      index = to;
      const cursor = index < lines.length ? (lines[index - 1]?.asOf ?? lines[0]!.asOf) : last;
      for (const job of jobsOf(contexts)) await deps.reactors.drained(job.actor.category, signal);
      await indexed();
      const due = await nextDueSlot(contexts, index < lines.length ? lines[index]!.asOf : last);
      if (due === null && sent > 0 && index < lines.length) {
        await tell(stream, 'AdvanceImport', { cursor, done: index }, by, reason);
        continue;
      }
      const upTo = due ?? last;
      await tell(stream, 'AdvanceImport', { cursor: upTo, done: index }, by, reason);
      await drained(contexts, upTo);
      if (index >= lines.length && (await nextDueSlot(contexts, last)) === null) break;
    }
    if (!signal.aborted) await tell(stream, 'FinishImport', counts, by, reason);
  };

  const progress = async (id: string): Promise<ImportProgress | null> => {
    const state = await stateOf(streamOf('engine.import', id));
    if (state === null) return null;
    const message = failures.get(id);
    const { lines, done, cursor } = state;
    return {
      id,
      status: message !== undefined ? 'failed' : state.status === 'finished' ? 'finished' : 'running',
      lines,
      done,
      cursor,
      held: await countHeld(deps.readModels, id),
      ...(message === undefined ? {} : { message }),
    };
  };

  return {
    progress,
    /** Starts a file, or goes on with one that a crash interrupted: commands that were done are answered as then. */
    start: async (
      name: string,
      given: readonly IntakeLine[],
      by: string,
      reason: string,
      options: { readonly shift?: boolean; readonly ready?: Promise<void> } = {},
    ): Promise<ImportProgress> => {
      if (given.length === 0) throw new CarillonError('import-invalid', 'The file holds no commands');
      const id = derivedId('import', name, ...given.map((line) => line.id));
      const stream = streamOf('engine.import', id);
      await indexed();
      const before = await stateOf(stream);
      if (before?.status === 'finished' || running.has(id)) return (await progress(id))!;
      const now = deps.clock.now();
      const dated = given.map((line) => ({ ...line, asOf: line.asOf ?? now }));
      const newest = dated.reduce((latest, line) => (line.asOf > latest ? line.asOf : latest), dated[0]!.asOf);
      const shiftWeeks = before?.shiftWeeks ?? (options.shift ? shiftFor(newest, now) : 0);
      const lines: Line[] = dated
        .map((line) => ({ ...line, asOf: fromMs(toMs(line.asOf) + shiftWeeks * weekMs) }))
        .sort((a, b) => (a.asOf < b.asOf ? -1 : a.asOf > b.asOf ? 1 : 0));
      const contexts = [...new Set(lines.map((line) => contextOf(categoryOf(line.to as StreamName))))].sort();
      if (lines.at(-1)!.asOf > now) throw new CarillonError('import-invalid', `asOf ${lines.at(-1)!.asOf} lies in the future`);
      await tell(
        stream,
        'StartImport',
        { name, lines: lines.length, contexts, from: plus(lines[0]!.asOf, -1), to: lines.at(-1)!.asOf, shiftWeeks },
        by,
        reason,
      );
      failures.delete(id);
      const work = (options.ready ?? Promise.resolve())
        .then(() => walk(stream, lines, contexts, by, reason))
        .catch((error: unknown) => {
          failures.set(id, messageOf(error));
          if (!signal.aborted)
            deps.observers.note({ kind: 'log', level: 'error', scope: 'import', message: messageOf(error), facts: { import: id } });
        })
        .finally(() => running.delete(id));
      running.set(id, work);
      await indexed();
      return (await progress(id)) ?? { id, status: 'running', lines: lines.length, done: 0, cursor: null, held: 0 };
    },
    stopped: (): Promise<unknown> => Promise.all(running.values()),
  };
};
