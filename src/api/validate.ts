import { Compile } from 'typebox/schema';

/** What is wrong with one field of an input; `field` is a JSON pointer. */
export type Fault = { readonly field: string; readonly message: string };

type Finding = { readonly keyword: string; readonly instancePath: string; readonly message: string; readonly params: object };
type Params = {
  readonly additionalProperties?: readonly string[];
  readonly requiredProperties?: readonly string[];
  readonly allowedValues?: readonly unknown[];
};

const maxFaults = 10;

const faultsOf = ({ keyword, instancePath, message, params: all }: Finding): readonly Fault[] => {
  const params = all as Params;
  switch (keyword) {
    case 'boolean':
      return [];
    case 'additionalProperties':
      return (params.additionalProperties ?? []).map((name) => ({ field: `${instancePath}/${name}`, message: 'is not a known field' }));
    case 'required':
      return (params.requiredProperties ?? []).map((name) => ({ field: `${instancePath}/${name}`, message: 'is missing' }));
    case 'enum':
      return [{ field: instancePath, message: `must be one of ${(params.allowedValues ?? []).join(', ')}` }];
    default:
      return [{ field: instancePath, message }];
  }
};

const compiled = new WeakMap<object, (value: unknown) => readonly Fault[]>();

const compile = (schema: object): ((value: unknown) => readonly Fault[]) => {
  const validator = Compile(schema);
  return (value) => {
    if (validator.Check(value)) return [];
    const [, findings] = validator.Errors(value);
    const faults = findings.flatMap(faultsOf);
    return faults.length === 0 ? [{ field: '', message: 'is not valid' }] : faults.slice(0, maxFaults);
  };
};

/** The check of a JSON Schema, compiled once: nothing is coerced, filled in or removed. An empty list means valid. */
export const checkOf = (schema: object): ((value: unknown) => readonly Fault[]) => {
  const check = compiled.get(schema) ?? compile(schema);
  compiled.set(schema, check);
  return check;
};

/** `/data/cents must be integer`, or `the body must be object` for the whole. */
export const textOf = (fault: Fault, whole: string): string =>
  `${fault.field === '' ? whole : fault.field.slice(1).replaceAll('/', '.').slice(0, 120)} ${fault.message}`;
