import { readFileSync } from 'node:fs';
import { CarillonError } from './core/errors.ts';

/** A setting's value. */
export type Value = string | number | boolean;
/** Where each setting came from. */
export type Sources = Record<string, string>;

const limits: Readonly<Record<string, readonly [number, number]>> = {
  port: [0, 65_535],
  partitions: [1, 256],
  keepRunsDays: [1, 36_500],
  drainSeconds: [1, 3_600],
};

const choices: Readonly<Record<string, readonly string[]>> = {
  store: ['sqlite', 'kurrentdb', 'postgres'],
  broker: ['memory', 'rabbitmq'],
  readModels: ['sqlite', 'postgres'],
};
/** Never printed: a token whole, of an address the password. */
export const maskOf = (path: string, value: Value): Value => {
  if (path === 'adminToken') return value === '' ? '' : '***';
  return path.endsWith('Url') ? String(value).replace(/(:\/\/[^:@/]*):[^@/]*@/, '$1:***@') : value;
};

export const bad = (message: string): never => {
  throw new CarillonError('config-invalid', message);
};

/** `settings.giving.holdHours` -> `CARILLON_SETTINGS_GIVING_HOLD_HOURS`. */
export const envName = (path: string): string =>
  `CARILLON_${path
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .toUpperCase()}`;

const parse = (text: string, like: Value, name: string): Value => {
  if (typeof like === 'number')
    return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : bad(`${name} must be a number, not "${text}"`);
  if (typeof like === 'boolean')
    return text === 'true' ? true : text === 'false' ? false : bad(`${name} must be true or false, not "${text}"`);
  return text;
};

const check = (path: string, value: unknown, like: Value): Value => {
  if (typeof value !== typeof like) bad(`${path} must be a ${typeof like}, not ${JSON.stringify(value)}`);
  const range = limits[path];
  if (range && typeof value === 'number' && (!Number.isInteger(value) || value < range[0] || value > range[1]))
    bad(`${path} must be a whole number from ${range[0]} to ${range[1]}`);
  if (choices[path]?.includes(value as string) === false) bad(`${path} must be one of ${choices[path].join(', ')}, not "${value}"`);
  return value as Value;
};

/** A secret may stand in a file: `CARILLON_POSTGRES_URL_FILE` names it. */
const fromFile = (name: string, env: NodeJS.ProcessEnv): string | undefined => {
  const path = env[`${name}_FILE`];
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    return bad(`${name}_FILE: ${path} cannot be read: ${(error as Error).message}`);
  }
};

/** One setting: flag over environment over file over default. */
export const pick = (
  path: string,
  like: Value,
  file: unknown,
  flag: Value | undefined,
  env: NodeJS.ProcessEnv,
  sources: Sources,
): Value => {
  const name = envName(path);
  const secret = typeof like === 'string' ? fromFile(name, env) : undefined;
  const found: [unknown, string] =
    flag !== undefined
      ? [flag, 'flag']
      : env[name] !== undefined
        ? [parse(env[name], like, name), name]
        : secret !== undefined
          ? [secret, `${name}_FILE`]
          : file !== undefined
            ? [file, 'carillon.config.ts']
            : [like, 'default'];
  sources[path] = found[1];
  return check(path, found[0], like);
};
