const shape = /^(\*|[a-z][a-z0-9]*\.(\*|[a-z][a-z0-9]*\.(\*|[A-Z][A-Za-z0-9]*)))$/;

/** `*`, `giving.*`, `giving.escrow.*` or `giving.escrow.EscrowReleased`. */
export const isTypePattern = (text: string): boolean => text.length <= 200 && shape.test(text);

/** Whether one of the patterns names a public event type. */
export const wantsType = (patterns: readonly string[], type: string): boolean =>
  patterns.some((pattern) => (pattern.endsWith('*') ? type.startsWith(pattern.slice(0, -1)) : type === pattern));
