import { describe, expect, it } from 'vitest';
import { defaultLimits, maxBatch, maxPage } from '../../src/api/limits.ts';
import { maxDepth } from '../../src/api/safe-json.ts';
import { errorCodes } from '../../src/core/errors.ts';
import { createApi } from './support/api.ts';

const { call, document } = await createApi();

type Operation = {
  readonly operationId?: string;
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: string[];
  readonly responses: { readonly [status: string]: { readonly content?: { readonly [type: string]: { readonly schema: object } } } };
  readonly parameters?: readonly { readonly in: string; readonly name: string; readonly required?: boolean; readonly schema: object }[];
  readonly requestBody?: object;
  readonly security?: object[];
};
type Row = { readonly path: string; readonly method: string; readonly operation: Operation; readonly role: string };

const rows: Row[] = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods as unknown as { [method: string]: Operation }).map(([method, operation]) => ({
    path,
    method: method.toUpperCase(),
    operation,
    role: /Role: (\w+)\./.exec(operation.description ?? '')?.[1] ?? '',
  })),
);

const table = (heads: readonly string[], lines: readonly (readonly string[])[]): string =>
  [heads, heads.map(() => '---'), ...lines]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');

const bytes = (count: number): string => (count >= 1024 * 1024 ? `${count / 1024 / 1024} MiB` : `${count / 1024} KiB`);

const apiPage = (): string => {
  const statuses = ({ operation }: Row): string =>
    Object.keys(operation.responses)
      .filter((status) => !['400', '401', '403', '413', '415', '429', '500', '503', '504'].includes(status))
      .join(' ');
  const routes = rows.map((row) => [
    `${row.method} ${row.path.replace(/\{(\w+)\}/g, ':$1')}`,
    row.role,
    row.operation.summary ?? '',
    statuses(row),
  ]);
  const limits = [
    [
      'body',
      `${bytes(defaultLimits.body)}; a batch of commands ${bytes(defaultLimits.batchBody)} and ${maxBatch} commands; an import ${bytes(defaultLimits.importBody)}`,
    ],
    ['one command', '64 KiB'],
    ['JSON', `${maxDepth} levels; no "__proto__"`],
    ['page', `${maxPage} rows; history 100`],
    [
      'requests a minute',
      `${defaultLimits.perToken} of one token, ${defaultLimits.perAddress} of one address, ${defaultLimits.failuresPerAddress} refused ones of one address; counted in each process`,
    ],
    ['time in which a request must arrive', `${defaultLimits.requestTimeout / 1000} s`],
    ['headers', bytes(defaultLimits.headerBytes)],
    ['live connections', `${defaultLimits.live}; one that leaves its socket full for ${defaultLimits.slowClient / 1000} s is dropped`],
  ];
  return `# HTTP API

Made from the routes by \`vitest run test/api -u\`; a test compares. The server itself serves the full description as OpenAPI 3.1
under \`/openapi.json\`.

Every request but \`/livez\` and \`/readyz\` carries \`Authorization: Bearer crl_<id>_<secret>\`. Roles: read < operate < admin. Bodies are
\`application/json\`; a field that is not named is refused. Names in paths are URL-encoded; a job is named by an alias, by the part
after the slash when unique, or in full. Changes are recorded with the token's name and the reason. Instants are ISO-8601.

Errors are \`application/problem+json\` (RFC 9457) with a stable \`code\` and the \`next\` step; [errors.md](errors.md) lists them. Any route may
answer 400, 401, 403, 429, 500, 503, and one that takes a body 413, 415 and 504 (no answer in time: send the same id again). A refusal by a
rule is 422 with \`rule\` and \`facts\`. The routes of the source documents (\`/api/v1/jobs/status\`, \`history\`, \`trigger\` and
\`/v1/admin/jobs/trigger\`) add \`success: false\`.

${table(['Route', 'Role', 'What it does', 'Other answers'], routes)}

## Limits

${table(['What', 'Limit'], limits)}
`;
};

const errorsPage = (): string => `# Error codes

Made from \`src/core/errors.ts\` by \`vitest run test/api -u\`; a test compares. Every error that Carillon throws, on the command line, in the
log and over HTTP, carries one of these codes. \`transient\`: trying again may help. Over HTTP the status is that of the problem document;
where HTTP asks for one of its own (such as 415) it stands with the code \`bad-request\`. The service tells the same under \`GET /errors/:code\`.

${table(
  ['Code', 'HTTP', 'Transient', 'Next step'],
  Object.entries(errorCodes).map(([code, { status, transient, next }]) => [`\`${code}\``, String(status), transient ? 'yes' : '', next]),
)}
`;

/** Each operation in a few lines: what it takes, what it answers, and which problems. */
const digest = (): string =>
  rows
    .map(({ method, path, operation, role }) => {
      const { parameters = [], requestBody, responses } = operation;
      const contents = Object.entries(responses).map(([status, { content = {} }]) => [status, Object.entries(content)] as const);
      const isProblem = (content: readonly (readonly [string, unknown])[]): boolean =>
        content.every(([type]) => type === 'application/problem+json');
      return [
        `${method} ${path} (${role}, ${operation.operationId})`,
        ...parameters.map(
          (parameter) => `  ${parameter.in} ${parameter.name}${parameter.required ? '' : '?'} ${JSON.stringify(parameter.schema)}`,
        ),
        ...(requestBody === undefined ? [] : [`  body ${JSON.stringify(requestBody)}`]),
        ...contents
          .filter(([, content]) => !isProblem(content))
          .flatMap(([status, content]) => content.map(([type, { schema }]) => `  ${status} ${type} ${JSON.stringify(schema)}`)),
        `  ${contents
          .filter(([, content]) => isProblem(content))
          .map(([status]) => status)
          .join(' ')}`,
      ].join('\n');
    })
    .join('\n\n');

describe('the OpenAPI document', () => {
  it('is served as 3.1 to tokens', async () => {
    expect((await call(null, 'GET', '/openapi.json')).status).toBe(401);
    expect((await call('read', 'GET', '/openapi.json')).body).toMatchObject({ openapi: '3.1.0', info: { title: 'Carillon' } });
  });

  it('has not changed unseen', async () => {
    await expect(`${digest()}\n`).toMatchFileSnapshot('./openapi.snap');
  });

  it.each(rows)('$method $path has an id, a summary, a tag, its role and its common answers', ({ operation, role }) => {
    expect(operation).toMatchObject({ operationId: expect.any(String), summary: expect.any(String), tags: [expect.any(String)] });
    const wanted = role === 'public' ? ['429', '500'] : ['400', '401', '429', '500', '503', ...(role === 'read' ? [] : ['403'])];
    for (const status of wanted) expect(operation.responses).toHaveProperty(status);
    expect(operation.security).toEqual(role === 'public' ? [] : [{ token: [] }]);
  });

  it('gives every operation an id of its own', () => {
    const ids = rows.map((row) => row.operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('the pages', () => {
  it('docs/api.md lists every route and limit', async () => {
    await expect(apiPage()).toMatchFileSnapshot('../../docs/api.md');
  });

  it('docs/errors.md lists every code', async () => {
    await expect(errorsPage()).toMatchFileSnapshot('../../docs/errors.md');
  });
});
