import { CarillonError } from './errors.ts';

/** Money is a whole number of minor units: bigint in code, decimal text in events and states. */

const shape = /^(0|-?[1-9]\d{0,37})$/;

/** Reads an amount written as decimal text, for example `1250`. Throws `money-invalid`. */
export const amount = (text: string): bigint => {
  if (!shape.test(text)) throw new CarillonError('money-invalid', `"${text.slice(0, 40)}" is not a whole number of minor units`);
  return BigInt(text);
};

/** An amount as decimal text: what events and states hold. */
export const amountText = (value: bigint): string => value.toString();

/** Throws `money-invalid` for an amount below zero; `what` names it. */
export const notNegative = (value: bigint, what: string): bigint => {
  if (value < 0n) throw new CarillonError('money-invalid', `${what} would be ${value}`);
  return value;
};

/**
 * Splits a total in proportion to weights by the largest remainder: the parts add up to the total to the last minor unit,
 * and no part is a unit or more away from its exact share. Equal remainders go to the earlier weight.
 * Throws `money-invalid` for a negative total or weight, or when all weights are zero.
 */
export const split = (total: bigint, weights: readonly bigint[]): bigint[] => {
  const sum = weights.reduce((all, weight) => all + notNegative(weight, 'a weight'), 0n);
  notNegative(total, 'the total');
  if (sum === 0n) throw new CarillonError('money-invalid', 'A total cannot be split by weights that are all zero');
  const parts = weights.map((weight, index) => ({ index, part: (total * weight) / sum, remainder: (total * weight) % sum }));
  const left = Number(total - parts.reduce((all, { part }) => all + part, 0n));
  const first = [...parts]
    .sort((a, b) => (a.remainder === b.remainder ? a.index - b.index : a.remainder > b.remainder ? -1 : 1))
    .slice(0, left);
  for (const entry of first) entry.part += 1n;
  return parts.map(({ part }) => part);
};
