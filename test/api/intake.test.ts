import { describe, expect, it } from 'vitest';
import { checkLine, lineOf, maxCommandBytes, parseIntake, readIntake } from '../../src/api/intake.ts';
import { parseJson } from '../../src/api/safe-json.ts';
import { token } from '../../src/contexts/engine/token/token.ts';
import { escrowDecider } from '../../src/contexts/giving/escrow/escrow.ts';
import { isCarillonError } from '../../src/core/errors.ts';
import type { Registry } from '../../src/core/registry.ts';

const registry = {
  deciders: new Map<string, unknown>([
    ['giving.escrow', escrowDecider({ holdHours: 48 })],
    ['engine.token', token],
  ]),
} as unknown as Registry;
const good = { id: 'c-1', to: 'giving.escrow-7f3a', type: 'SendDonation', data: { donor: 'd1', recipient: 'r1', cents: 500 } };

const fault = async (work: () => unknown): Promise<string> => {
  try {
    await work();
  } catch (error) {
    return isCarillonError(error) ? `${error.code}: ${error.message}` : `thrown ${String(error)}`;
  }
  return 'fine';
};

describe('one intake line', () => {
  it('is taken as it is', () => {
    expect(lineOf(good)).toEqual(good);
    expect(checkLine(registry, lineOf(good))).toBe('operate');
    expect(lineOf({ ...good, asOf: '2026-01-25T01:00:00+01:00' }).asOf).toBe('2026-01-25T00:00:00.000Z');
  });

  it('asks for an admin where the actor says so', () => {
    expect(checkLine(registry, lineOf({ ...good, type: 'ReleaseEscrowEarly', data: { reason: 'asked for' } }))).toBe('admin');
  });

  it.each([
    ['no object', 'x', 'bad-request: the command must be object'],
    ['a missing field', { ...good, id: undefined }, 'bad-request: id must be string'],
    ['an unknown field', { ...good, by: 'me' }, 'bad-request: by is not a known field'],
    ['an id with a blank', { ...good, id: 'a b' }, /^bad-request: id must match pattern/],
    ['data that is no object', { ...good, data: [] }, 'bad-request: data must be object'],
    ['an asOf that is none', { ...good, asOf: 'soon' }, 'instant-invalid: "soon" is not an instant'],
    [
      'too much',
      { ...good, data: { x: 'x'.repeat(maxCommandBytes) } },
      `payload-too-large: The command is longer than ${maxCommandBytes} bytes`,
    ],
  ])('refuses %s', async (_, value, message) => {
    expect(await fault(() => lineOf(value))).toMatch(message);
  });

  it.each([
    ['a name that is no stream', { ...good, to: 'escrow' }, /^stream-invalid: "escrow"/],
    ['an unknown category', { ...good, to: 'giving.nothing-1' }, /^bad-request: to: no actor of category "giving.nothing"/],
    ["the engine's own actors", { ...good, to: 'engine.token-1', type: 'RevokeToken' }, /^bad-request: to: no actor/],
    [
      'an unknown type',
      { ...good, type: 'Nope' },
      /^bad-request: type: "Nope" is not a command for giving.escrow; these are: SendDonation/,
    ],
    ['a type of a prototype', { ...good, type: 'constructor' }, /^bad-request: type: "constructor"/],
    ['a command of jobs only', { ...good, type: 'ReleaseEscrow' }, /^bad-request: type: "ReleaseEscrow"/],
    ['an unknown field of data', { ...good, data: { ...good.data, rate: 1 } }, 'bad-request: data.rate is not a known field'],
    ['a number as text: nothing is coerced', { ...good, data: { ...good.data, cents: '500' } }, 'bad-request: data.cents must be integer'],
    ['a missing field of data', { ...good, data: { donor: 'd1', cents: 1 } }, 'bad-request: data.recipient is missing'],
  ])('refuses %s', async (_, value, message) => {
    expect(await fault(() => checkLine(registry, lineOf(value)))).toMatch(message);
  });
});

describe('JSON from outside', () => {
  it.each([
    ['no JSON', '{', 'bad-request: This is not valid JSON'],
    ['__proto__', '{"a":{"__proto__":{"x":1}}}', /^bad-request: JSON names/],
    ['__proto__ in escapes', '{"\\u005f_proto__":{"x":1}}', /^bad-request: JSON names/],
    ['constructor.prototype', '[{"constructor":{"prototype":{"x":1}}}]', /^bad-request: JSON names/],
    ['33 levels', '['.repeat(33) + ']'.repeat(33), /^bad-request: JSON is nested deeper than 32/],
    ['a million levels', '['.repeat(1_000_000) + ']'.repeat(1_000_000), /^bad-request: /],
  ])('refuses %s', async (_, text, message) => {
    expect(await fault(() => parseJson(text))).toMatch(message);
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });

  it('takes 32 levels, and "constructor" as a plain word', () => {
    expect(parseJson('['.repeat(32) + ']'.repeat(32))).toBeInstanceOf(Array);
    expect(parseJson('{"constructor":"x"}')).toEqual({ constructor: 'x' });
  });
});

describe('a file', () => {
  const text = (...lines: object[]): string => `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`;

  it('is read with empty lines left out and the role of its strictest line', async () => {
    const file = `${text(good)}\r\n\n${text({ ...good, id: 'c-2', type: 'ReleaseEscrowEarly', data: { reason: 'r' } })}`;
    expect(await readIntake(registry, file)).toMatchObject({ role: 'admin', lines: [{ id: 'c-1' }, { id: 'c-2' }] });
    expect(parseIntake(file)).toHaveLength(2);
  });

  it.each([
    ['names the line that is no JSON', `${JSON.stringify(good)}\n\n{"id"\n`, 'import-invalid: line 3: This is not valid JSON'],
    ['names the line of an unknown field', text(good, { ...good, id: 'c-2', x: 1 }), 'import-invalid: line 2: x is not a known field'],
    [
      'names both lines of an id used twice',
      text(good, { ...good, data: { ...good.data, cents: 1 } }),
      'import-invalid: line 2: id "c-1" stands on line 1 with other content',
    ],
    ['refuses a file without lines', '\n \n', 'import-invalid: The file has no lines'],
  ])('%s', async (_, file, message) => {
    expect(await fault(() => readIntake(registry, file))).toBe(message);
  });

  it('takes the same line twice, and breathes on long files', async () => {
    const lines = Array.from({ length: 4_500 }, (_unused, index) => ({ ...good, id: `c-${index}` }));
    let breaths = 0;
    const { lines: read } = await readIntake(registry, text(good, good, ...lines), async () => void breaths++);
    expect(read).toHaveLength(4_502);
    expect(breaths).toBe(2);
  });
});
