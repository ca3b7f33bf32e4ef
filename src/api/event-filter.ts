import { CarillonError } from '../core/errors.ts';
import { type RecordedEvent, streamErased } from '../core/event.ts';
import type { Registry } from '../core/registry.ts';
import { categoryOf } from '../core/stream.ts';
import type { LogRange } from '../ports/event-store.ts';

/** What of the log a reader wants: what the store filters, and the exact rest. */
export type EventFilter = { readonly range: Pick<LogRange, 'categories' | 'types'>; keep(event: RecordedEvent): boolean };

type Wanted = { readonly categories: readonly string[]; readonly type: string | null };

const shape = /^([a-z][a-z0-9]*)\.(?:([a-z][a-z0-9]*)\.)?(\*|[A-Z][A-Za-z0-9]*)$/;

const wantedOf = (registry: Registry, pattern: string): Wanted => {
  const [, context, noun, type] = shape.exec(pattern) ?? [];
  const all = [...registry.deciders.keys()];
  const categories =
    noun === undefined
      ? all.filter((category) => category.startsWith(`${context}.`))
      : all.filter((category) => category === `${context}.${noun}`);
  if (context === undefined || categories.length === 0 || (noun === undefined && type !== '*')) {
    throw new CarillonError(
      'bad-request',
      `types: "${pattern.slice(0, 60)}" names no events; write giving.escrow.EscrowReleased, giving.escrow.* or giving.*`,
    );
  }
  return { categories, type: type === '*' ? null : (type ?? null) };
};

/** Reads `types`: public event types, comma-separated, with `*` for all of a category or context. Everything when absent. */
export const eventFilter = (registry: Registry, types: string | undefined): EventFilter => {
  if (types === undefined) return { range: {}, keep: () => true };
  const wanted = types.split(',').map((pattern) => wantedOf(registry, pattern.trim()));
  const categories = [...new Set(wanted.flatMap((item) => item.categories))];
  const names = wanted.map((item) => item.type);
  return {
    range: names.includes(null) ? { categories } : { categories, types: [...new Set(names.filter((name) => name !== null))] },
    keep: (event) => {
      const category = categoryOf(event.stream);
      return wanted.some(
        (item) => item.categories.includes(category) && (item.type === null || item.type === event.type || event.type === streamErased),
      );
    },
  };
};
