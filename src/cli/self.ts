import { basename, relative } from 'node:path';

const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/** How a program was called, by its path and the npm script that ran it: a command printed for copying works as it stands. */
export const selfOf = (program: string | undefined, script: string | undefined, cwd: string): string => {
  if (script === 'npx') return 'npx carillon';
  if (script !== undefined) return 'npm run -s carillon --';
  if (program === undefined || basename(program) === 'carillon') return 'carillon';
  const near = relative(cwd, program);
  return `node ${quoted(near.startsWith('..') ? program : near)}`;
};

/** How this process was called. */
export const self = (): string => selfOf(process.argv[1], process.env.npm_lifecycle_event, process.cwd());

/** The flags that lead a printed command to the same folder and configuration. */
export const flagsFor = (folder: string, configFile: string | undefined): string =>
  [...(folder === '.carillon' ? [] : ['--folder', folder]), ...(configFile === undefined ? [] : ['--config', configFile])]
    .map((word) => ` ${quoted(word)}`)
    .join('');
