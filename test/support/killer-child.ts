// A process for the killer test: one of its lamps ends the process whenever it is decided.
import { createApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config.ts';
import { nextEventOf } from './events.ts';
import { lampContext, newBench } from './lamp.ts';

const [folder = '', first = ''] = process.argv.slice(2);
const bench = newBench();
const house = lampContext(bench);
const killing = {
  ...house,
  build: (settings: never) => {
    const built = house.build(settings);
    const [lamp] = built.deciders;
    // The bench's failure stands for a crash: it cannot be caught.
    const decide = (command: never, state: { readonly broken?: boolean }) => {
      if ((command as { type: string }).type === 'PutOutLamp' && state.broken) process.kill(process.pid, 'SIGKILL');
      return lamp!.decide(command, state as never);
    };
    const deadly = { ...lamp!, decide } as unknown as typeof lamp;
    return { ...built, deciders: [deadly!], jobs: built.jobs!.map((job) => ({ ...job, actor: deadly! })) };
  },
};
const config = await loadConfig({ folder, port: 0, env: {} });
const app = await createApp({ ...config, contexts: [killing as never], settings: { house: {} }, jobs: {} }, { listen: false });
if (first === 'first')
  for (const id of ['a', 'b', 'killer', 'c', 'd'])
    await app.inject('POST', '/api/v1/commands', {
      id: `light-${id}`,
      to: `house.lamp-${id}`,
      type: 'LightLamp',
      data: { seconds: 1, broken: id === 'killer' },
    });
const closed = await nextEventOf(
  app.service.store,
  (event) => event.type === 'SlotClosed' && (event.data as { counts: { parked: number } }).counts.parked > 0,
);
process.stdout.write(`finished ${JSON.stringify(closed.data)}\n`);
await app.close();
