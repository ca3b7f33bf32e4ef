import { createInterface } from 'node:readline/promises';
import { CliEnd, exits } from './exit.ts';

/** Asks on a terminal; elsewhere `--yes` must have been given. Ends with 130 on "no". */
export const confirm = async (question: string, yes: boolean | undefined): Promise<void> => {
  if (yes) return;
  if (process.stdin.isTTY !== true) throw new CliEnd(exits.usage, question, 'Add --yes to go on without being asked.');
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await lines.question(`${question} [y/N] `);
  lines.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new CliEnd(exits.interrupted, 'Nothing was done.');
};
