import { expect, it } from 'vitest';
import { definitionOf } from '../../src/core/definition.ts';
import { cron, defineTask } from '../../src/index.ts';

it.each(['all', 'skip', undefined] as const)("a task's missed slots follow its own catchUp: %s", (catchUp) => {
  const task = defineTask('a/b', cron('0 * * * *'), async () => ({ success: true, message: '' }), catchUp === undefined ? {} : { catchUp });
  expect(definitionOf(task, 1).catchUp).toBe(catchUp ?? 'latest');
});
