// A process for the kill tests: imports escrows into a folder, tells its progress, and says when all is caught up.
import { createApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config.ts';
import { runDemo } from '../../src/demo.ts';
import { escrowFacts } from './escrow-facts.ts';

const [folder = '', count = '0', now = '0'] = process.argv.slice(2);
const config = await loadConfig({ folder, port: 0, env: {} });
const app = await createApp(config, { listen: false, facts: { name: 'escrows', lines: escrowFacts(Number(count), Number(now)) } });
let told = -1;
await runDemo(app, (done) => {
  if (done !== told) process.stdout.write(`${done}\n`);
  told = done;
});
await app.close();
process.stdout.write('finished\n');
