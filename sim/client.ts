import type { Answer, Command } from '../src/core/command.ts';
import type { Trace } from './fault.ts';
import type { Process } from './process.ts';
import type { World } from './world.ts';

const patienceMs = 35_000;

export type Answered = { readonly command: Command; readonly answer: Answer; readonly tries: number };

const final = (answer: Answer): boolean =>
  answer.kind === 'accepted' ||
  answer.kind === 'ignored' ||
  (answer.kind === 'rejected' && answer.rule !== 'actor-parked' && answer.rule !== 'already-running') ||
  (answer.kind === 'failed' && !answer.transient);

/** A person's client: sends until it is answered, always under the same id. What it was told is kept, to be held against the log. */
export const createClient = (world: World, processes: readonly Process[], trace: Trace) => {
  const answered: Answered[] = [];
  /** What somebody still waits for. */
  const open = new Set<string>();
  let turn = 0;

  /** Any process takes a command, whoever owns its actor. */
  const engine = () => {
    const up = processes.flatMap((each) => (each.life().paused() ? [] : (each.engine() ?? [])));
    return up[turn++ % Math.max(1, up.length)] ?? null;
  };

  const once = async (command: Command): Promise<Answer | null> => {
    try {
      const answer = engine()?.commands.send(command) ?? null;
      return await Promise.race([answer, world.sleep(patienceMs).then(() => null)]);
    } catch {
      return null;
    }
  };

  const send = async (make: () => Command, maxTries = 1_000): Promise<Answer | null> => {
    const first = make();
    const wish = `${first.type} ${first.id} to ${first.to}`;
    open.add(wish);
    for (let tries = 1; tries <= maxTries; tries++) {
      const command = { ...first, asOf: world.now() };
      const answer = await once(command);
      if (answer !== null && (final(answer) || tries === maxTries)) {
        answered.push({ command, answer, tries });
        trace('client', `${command.type} to ${command.to}: ${answer.kind} ${'rule' in answer ? answer.rule : answer.code}`);
        open.delete(wish);
        return answer;
      }
      await world.sleep(1_000 + Math.min(tries, 10) * 500);
    }
    open.delete(wish);
    return null;
  };

  /** Something else that a person waits for: tried until it is done. */
  const insist = async (wish: string, work: () => Promise<string>): Promise<void> => {
    open.add(wish);
    for (;;) {
      const told = await work().catch(String);
      trace('client', `${wish}: ${told}`);
      if (told === 'done') break;
      await world.sleep(5_000);
    }
    open.delete(wish);
  };

  return { send, insist, engine, answered, open };
};
export type Client = ReturnType<typeof createClient>;
