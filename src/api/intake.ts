import { Type } from 'typebox';
import { CarillonError, isCarillonError } from '../core/errors.ts';
import { commandHash } from '../core/ids.ts';
import { instant } from '../core/instant.ts';
import type { Registry } from '../core/registry.ts';
import { categoryOf, streamName } from '../core/stream.ts';
import { parseJson } from './safe-json.ts';
import type { IntakeLine } from './service.ts';
import { checkOf, textOf } from './validate.ts';

/** A command is at most this long as JSON. */
export const maxCommandBytes = 64 * 1024;

/** What a client or a file may send (issue 3, item 7). */
export const Line = Type.Object(
  {
    id: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._:@~-]{0,99}$', description: 'Chosen by the sender; the same id is done once' }),
    to: Type.String({ minLength: 1, maxLength: 250, description: 'The actor, as context.noun-id' }),
    type: Type.String({ minLength: 1, maxLength: 100 }),
    data: Type.Object({}, { description: 'As the command asks for' }),
    asOf: Type.Optional(Type.String({ maxLength: 40, description: 'Only in an import: the instant of the fact' })),
  },
  { additionalProperties: false },
);

const checkShape = checkOf(Line);

const bad = (message: string): never => {
  throw new CarillonError('bad-request', message);
};

/** Reads one parsed line. Throws `bad-request` naming the field. */
export const lineOf = (value: unknown): IntakeLine => {
  const fault = checkShape(value)[0];
  if (fault) bad(textOf(fault, 'the command'));
  const line = value as Omit<IntakeLine, 'asOf'> & { readonly asOf?: string };
  if (Buffer.byteLength(JSON.stringify(line)) > maxCommandBytes)
    throw new CarillonError('payload-too-large', `The command is longer than ${maxCommandBytes} bytes`);
  const { id, to, type, data } = line;
  return line.asOf === undefined ? { id, to, type, data } : { id, to, type, data, asOf: instant(line.asOf) };
};

const intakeOf = (registry: Registry, line: IntakeLine): { schema: object; adminOnly: boolean } => {
  const category = categoryOf(streamName(line.to));
  const decider = registry.deciders.get(category);
  const intake = decider?.intake ?? {};
  const known = Object.keys(intake);
  if (known.length === 0) bad(`to: no actor of category "${category}" takes commands from people`);
  const schema = Object.hasOwn(intake, line.type) ? intake[line.type] : undefined;
  if (schema === undefined) return bad(`type: "${line.type}" is not a command for ${category}; these are: ${known.join(', ')}`);
  return { schema, adminOnly: decider?.adminOnly?.includes(line.type) ?? false };
};

/** Checks a line against its actor's rules for intake. Throws `bad-request` or `stream-invalid`, naming the field. Tells who may send it. */
export const checkLine = (registry: Registry, line: IntakeLine): 'operate' | 'admin' => {
  const { schema, adminOnly } = intakeOf(registry, line);
  const fault = checkOf(schema)(line.data)[0];
  if (fault) bad(textOf({ field: `/data${fault.field}`, message: fault.message }, 'data'));
  return adminOnly ? 'admin' : 'operate';
};

const atLine = <T>(number: number, work: () => T): T => {
  try {
    return work();
  } catch (error) {
    if (!isCarillonError(error)) throw error;
    throw new CarillonError('import-invalid', `line ${number}: ${error.message}`, { line: number });
  }
};

/** Lines with their number from 1; empty ones are left out. */
function* numbered(text: string): Generator<{ number: number; line: string }> {
  let start = 0;
  for (let number = 1; start < text.length; number++) {
    const end = text.indexOf('\n', start);
    const line = text.slice(start, end === -1 ? text.length : end).trim();
    if (line !== '') yield { number, line };
    start = end === -1 ? text.length : end + 1;
  }
}

/** Reads a file of lines without knowing the commands. Throws `import-invalid` with the line's number. */
export const parseIntake = (text: string): IntakeLine[] =>
  [...numbered(text)].map(({ number, line }) => atLine(number, () => lineOf(parseJson(line))));

/** A checked file: its lines, and the role that all of them together ask for. */
export type Intake = { readonly lines: readonly IntakeLine[]; readonly role: 'operate' | 'admin' };

/**
 * Reads and checks a whole NDJSON file before anything of it is done. Throws `import-invalid` with the line's number.
 * `breathe` is awaited now and then, so that a long file does not hold up everything else.
 */
export const readIntake = async (registry: Registry, text: string, breathe: () => Promise<void> = async () => {}): Promise<Intake> => {
  const lines: IntakeLine[] = [];
  const seen = new Map<string, { number: number; hash: string }>();
  let role: Intake['role'] = 'operate';
  for (const { number, line } of numbered(text)) {
    const read = atLine(number, () => lineOf(parseJson(line)));
    if (atLine(number, () => checkLine(registry, read)) === 'admin') role = 'admin';
    const hash = commandHash(`${read.to} ${read.type} ${read.asOf ?? ''}`, read.data);
    const before = seen.get(read.id);
    if (before && before.hash !== hash)
      throw new CarillonError('import-invalid', `line ${number}: id "${read.id}" stands on line ${before.number} with other content`, {
        line: number,
      });
    seen.set(read.id, before ?? { number, hash });
    lines.push(read);
    if (number % 2_000 === 0) await breathe();
  }
  if (lines.length === 0) throw new CarillonError('import-invalid', 'The file has no lines');
  return { lines, role };
};
