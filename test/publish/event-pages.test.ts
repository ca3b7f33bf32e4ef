import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { meanings } from './event-meanings.ts';
import { eventPages } from './event-pages.ts';

const folder = resolve(import.meta.dirname, '../../docs/events');
const pages = eventPages();
const table = `# Public events

Made from the deciders and the sample facts by \`vitest run test/publish/event-pages -u\`; a test compares. [../events.md](../events.md) says how to
get them, and what is promised of them. Each page has the fields and a whole event; the fields are those of the sample facts.

Besides these each entity has \`<category>.StreamErased\`, without data: the entity was erased for good, and so should be what was kept of it.

| Type | What it says |
| --- | --- |
${[...pages.keys()].map((type) => `| [\`${type}\`](${type}.md) | ${meanings[type]} |`).join('\n')}
`;

it.each([...pages])('docs/events/%s.md is that of today', async (type, page) => {
  expect(page, `the sample facts bring no ${type} about`).not.toBeNull();
  expect(meanings[type], `event-meanings.ts does not say what ${type} means`).toBeDefined();
  await expect(page).toMatchFileSnapshot(resolve(folder, `${type}.md`));
});

it('docs/events/README.md lists them, and no page is left over', async () => {
  await expect(table).toMatchFileSnapshot(resolve(folder, 'README.md'));
  expect(Object.keys(meanings).sort()).toEqual([...pages.keys()].sort());
  expect(readdirSync(folder).sort()).toEqual(['README.md', ...[...pages.keys()].map((type) => `${type}.md`)].sort());
});
