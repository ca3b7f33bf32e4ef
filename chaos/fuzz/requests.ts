import fc from 'fast-check';

type Schema = { readonly properties?: { readonly [name: string]: object }; readonly anyOf?: readonly Schema[] };

/** As much of an operation of an OpenAPI document as requests are made from. */
export type Operation = {
  readonly requestBody?: { readonly content: { readonly [type: string]: { readonly schema: Schema } } };
  readonly parameters?: readonly { readonly in: string; readonly name: string }[];
};

export type Paths = { readonly [path: string]: { readonly [method: string]: Operation } };

export type FuzzedRequest = { readonly method: string; readonly url: string; readonly type?: string; readonly body?: string };

/** Texts that have broken somebody's parser, and names that exist. */
export const nastyText = [
  '',
  '\u0000',
  '../..',
  '%00',
  "'; DROP TABLE x; --",
  '{{7*7}}',
  '\u202e',
  'x'.repeat(3_000),
  'giving.escrow-e1',
  'pay.order-x1',
  'pay/settle-orders',
  'release-escrows',
  'runs',
  'due-index',
  'pay/settle-orders@2026-01-01T00:00:01Z',
  '2026-01-01T00:00:00Z',
  '2999-01-01T00:00:00Z',
  'engine.schedule-pay/settle-orders',
  '__proto__',
  'constructor',
  '-1',
  '0',
  '1e400',
  '99999999999999999999',
];
const nasty = fc.constantFrom<unknown>(...nastyText, '\ud800', -0, 2 ** 53 + 1, 1e308, -1, 0, 1, null, true, [], {}, 'a reason');
const value = fc.oneof({ weight: 3, arbitrary: nasty }, { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) });

const broken = [
  '{',
  '{"a":1',
  '[1,]',
  'null',
  '"text"',
  '{"__proto__":{"extra":1}}',
  '{"constructor":{"prototype":{"extra":1}}}',
  '{"id":"a","id":"b"}',
  '{"limit":1e400}',
  '['.repeat(5_000),
  `${'{"a":'.repeat(40)}1${'}'.repeat(40)}`,
  '\ufeff{}',
  'NaN',
  '',
];

/** The schema's fields with any values, now and then one more, or anything at all, or what is no JSON. */
const bodyOf = (schema: Schema): fc.Arbitrary<string> => {
  const names = Object.keys(schema.properties ?? schema.anyOf?.[0]?.properties ?? {});
  const fields = fc.record(Object.fromEntries([...names, 'extra'].map((name) => [name, value])), { requiredKeys: [] });
  const json = fc.oneof({ weight: 4, arbitrary: fields }, { weight: 1, arbitrary: value });
  return fc.oneof(
    { weight: 5, arbitrary: json.map((each) => JSON.stringify(each) ?? 'null') },
    { weight: 1, arbitrary: fc.constantFrom(...broken) },
  );
};

const command = fc.record({
  id: fc.oneof(fc.uuid(), nasty),
  to: fc.oneof(fc.constantFrom('pay.order-x1', 'pay.order-x2', 'giving.escrow-e1', 'pay.account-b1', 'engine.token-x'), nasty),
  type: fc.oneof(fc.constantFrom('PlaceOrder', 'SettleOrder', 'SendDonation', 'ConfirmReceipt', 'RefundEscrow'), nasty),
  data: fc.oneof(
    fc.record({ buyer: value, cents: value, afterMs: value, receipt: value, extra: value }, { requiredKeys: [] }),
    fc.constant({ buyer: 'b1', cents: 1, afterMs: 0, receipt: false }),
    value,
  ),
});

const special: { readonly [path: string]: fc.Arbitrary<string> } = {
  '/api/v1/commands': fc.oneof(
    command.map((each) => JSON.stringify(each)),
    fc.array(command, { maxLength: 4 }).map((commands) => JSON.stringify({ commands })),
  ),
  '/api/v1/imports': fc
    .array(
      fc.oneof(
        fc.tuple(command, fc.oneof(fc.constant('2026-01-01T00:00:00Z'), nasty)).map(([each, asOf]) => JSON.stringify({ ...each, asOf })),
        fc.constantFrom(...broken),
      ),
      { maxLength: 4 },
    )
    .map((lines) => lines.join('\n')),
};

/** Paths outside the folder are not for a test to write to. */
const harmless = (path: string, body: string): boolean => path !== '/api/v1/backup' || !/"folder":"(?:\/|[^"]*\.\.)/.test(body);

const encoded = (text: string): string => encodeURIComponent(text.toWellFormed());

/** Any requests for one operation: bodies, queries and path parameters, mostly close to what the document asks for. */
export const requestsOf = (method: string, path: string, operation: Operation): fc.Arbitrary<FuzzedRequest> => {
  const text = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...nastyText) }, { weight: 1, arbitrary: fc.string({ minLength: 1 }) });
  const names = (operation.parameters ?? []).filter((parameter) => parameter.in === 'query').map(({ name }) => name);
  const junk = fc.dictionary(fc.constantFrom(...names, 'extra', '__proto__'), text, { maxKeys: 3 });
  const known =
    names.length === 0
      ? fc.constant({})
      : fc.dictionary(fc.constantFrom(...names), fc.oneof(text, fc.integer().map(String)), { maxKeys: 3 });
  const query: fc.Arbitrary<Record<string, string>> = fc.oneof(
    { weight: 4, arbitrary: fc.constant({}) },
    { weight: 4, arbitrary: known },
    { weight: 1, arbitrary: junk },
  );
  const [media, content] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
  const takesBody = content !== undefined || path in special;
  const body = takesBody
    ? fc.oneof(
        { weight: 1, arbitrary: bodyOf(content?.schema ?? {}) },
        { weight: path in special ? 3 : 0, arbitrary: special[path] ?? fc.constant('') },
      )
    : fc.constant(undefined);
  const right = path === '/api/v1/imports' ? 'application/x-ndjson' : (media ?? 'application/json');
  const type = fc.oneof(
    { weight: 9, arbitrary: fc.constant(right) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        'text/plain',
        'application/json; charset=utf-16',
        'application/x-www-form-urlencoded',
        'Application/JSON ',
        'application/octet-stream',
      ),
    },
  );
  return fc
    .tuple(query, body, fc.array(text, { minLength: 3, maxLength: 3 }), type)
    .filter(([, payload]) => harmless(path, payload ?? ''))
    .map(([pairs, payload, params, mediaType]) => {
      let index = 0;
      const search = Object.entries(pairs).map(([name, each]) => `${encoded(name)}=${encoded(each)}`);
      const url = `${path.replace(/\{\w+\}/g, () => encoded(params[index++] ?? 'x') || 'x')}${search.length > 0 ? `?${search.join('&')}` : ''}`;
      return { method, url, ...(payload === undefined ? {} : { body: payload, type: mediaType }) };
    });
};
