import { cron, defineConfig, defineContext, defineTask } from '../../src/index.ts';

/** A task each second, and none of its slots is left out. */
export const eachSecond = defineTask('beat/each-second', cron('* * * * * *'), async () => ({ success: true, message: 'beat' }), {
  catchUp: 'all',
});

export const beat = defineContext('beat', {}, () => ({ deciders: [], tasks: [eachSecond] }));

export default defineConfig({ contexts: [beat] });
