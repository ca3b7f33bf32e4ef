import type { Answer, Command } from '../src/core/command.ts';
import type { Process } from './process.ts';
import type { World } from './world.ts';

const patienceMs = 35_000;

/** A person's client: sends until it is answered, always under the same id. What it was told is kept, to be held against the log. */
export const createClient = (world: World, processes: readonly Process[], trace: (who: string, text: string) => void) => {
  const answered: { readonly command: Command; readonly answer: Answer; readonly tries: number }[] = [];
  let open = 0;

  const once = async (command: Command): Promise<Answer | null> => {
    const engine = processes.find((each) => each.engine() !== null && !each.life().paused())?.engine() ?? null;
    if (engine === null) return null;
    try {
      return await Promise.race([engine.commands.send(command), world.sleep(patienceMs).then(() => null)]);
    } catch {
      return null;
    }
  };

  const final = (answer: Answer): boolean =>
    answer.kind === 'accepted' ||
    answer.kind === 'ignored' ||
    (answer.kind === 'rejected' && answer.rule !== 'actor-parked' && answer.rule !== 'already-running') ||
    (answer.kind === 'failed' && !answer.transient);

  const send = async (make: () => Command, maxTries = 1_000): Promise<Answer | null> => {
    open++;
    const first = make();
    for (let tries = 1; tries <= maxTries; tries++) {
      const command = { ...first, asOf: world.now() };
      const answer = await once(command);
      if (answer !== null && (final(answer) || tries === maxTries)) {
        answered.push({ command, answer, tries });
        trace('client', `${command.type} to ${command.to}: ${answer.kind} ${'rule' in answer ? answer.rule : answer.code}`);
        open--;
        return answer;
      }
      await world.sleep(1_000 + Math.min(tries, 10) * 500);
    }
    open--;
    return null;
  };

  return { send, answered, open: () => open };
};
export type Client = ReturnType<typeof createClient>;
