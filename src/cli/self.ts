import { basename, relative } from 'node:path';

const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/** How this program was called, so that a command printed for copying works as it stands. */
export const selfOf = (
  program: string | undefined = process.argv[1],
  script: string | undefined = process.env.npm_lifecycle_event,
  cwd: string = process.cwd(),
): string => {
  if (script === 'npx') return 'npx carillon';
  if (script !== undefined) return 'npm run -s carillon --';
  if (program === undefined || basename(program) === 'carillon') return 'carillon';
  const near = relative(cwd, program);
  return `node ${quoted(near.startsWith('..') ? program : near)}`;
};

/** The flags that lead a printed command to the same folder and configuration. */
export const flagsFor = (folder: string, configFile: string | undefined): string =>
  [...(folder === '.carillon' ? [] : ['--folder', folder]), ...(configFile === undefined ? [] : ['--config', configFile])]
    .map((word) => ` ${quoted(word)}`)
    .join('');
