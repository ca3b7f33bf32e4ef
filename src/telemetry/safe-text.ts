/** Line ends, escapes, C1 controls and text direction marks: a log line stays one line and says what it says, on a terminal too. */
const unsafe = /[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;
const secretName = /^(proxy-)?authorization$|cookie$|token$|passw(or)?d$|passphrase$|secret$|api[-_]?key$|private[-_]?key$|mnemonic$/i;
const bearer = /\b(Bearer|Basic) [\w.~+/=-]{8,}/gi;
const accessToken = /\bcrl_([0-9a-f]{16})_[\w-]{20,}/g;

const leftOut = '[left out]';
const maxText = 8_192;
const maxDepth = 4;
const maxItems = 40;

/** Text of others made safe for a log: control and direction characters shown as escapes, tokens left out, at most 8 KiB. */
export const clean = (text: string): string =>
  text
    .slice(0, maxText)
    .toWellFormed()
    .replace(bearer, `$1 ${leftOut}`)
    .replace(accessToken, `crl_$1_${leftOut}`)
    .replace(unsafe, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** The longest beginning of a text whose JSON has at most `maxBytes`. */
export const shorten = (text: string, maxBytes: number): string => {
  if (Buffer.byteLength(JSON.stringify(text)) <= maxBytes) return text;
  let kept = text.slice(0, maxBytes);
  while (kept !== '' && Buffer.byteLength(JSON.stringify(kept)) > maxBytes - 4) kept = kept.slice(0, Math.floor(kept.length * 0.9));
  return `${kept.toWellFormed()}…`;
};

/** Any value as plain JSON that is safe in a log: texts cleaned, secrets left out by their names, depth and length bounded. */
export const tidy = (value: unknown, depth = 0): unknown => {
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return value;
  if (typeof value === 'string') return clean(value);
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Error) return { name: clean(value.name), message: clean(value.message) };
  if (typeof value !== 'object') return undefined;
  if (depth >= maxDepth) return '…';
  if (Array.isArray(value)) return value.slice(0, maxItems).map((item) => tidy(item, depth + 1));
  const entries = Object.entries(value).slice(0, maxItems);
  return Object.fromEntries(entries.map(([name, item]) => [clean(name), secretName.test(name) ? leftOut : tidy(item, depth + 1)]));
};
