import { runCli } from './cli/program.ts';

// Everything a person types ends here: an exit code, and on trouble one message with the next step.
process.exitCode = await runCli(process.argv);
