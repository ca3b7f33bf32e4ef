import type { PreparedItem } from './prepared-item.ts';

/** What one statement may hold, one larger request excepted. */
const maxItems = 4096;
const maxSize = 16 * 1024 * 1024;

type Request = { readonly items: readonly PreparedItem[]; readonly size: number };

/**
 * The oldest requests that fit into one statement, whose streams are not `busy` and not asked for by an older request that
 * stays behind; and the rest, in order.
 */
export const nextGroup = <R extends Request>(
  waiting: readonly R[],
  busy: Iterable<string>,
): { readonly group: R[]; readonly rest: R[] } => {
  const group: R[] = [];
  const rest: R[] = [];
  const blocked = new Set(busy);
  let items = 0;
  let size = 0;
  for (const [place, request] of waiting.entries()) {
    const full = group.length > 0 && (items + request.items.length > maxItems || size + request.size > maxSize);
    // Enough looked at: thousands may wait for one stream.
    if (full || rest.length > maxItems) return { group, rest: rest.concat(waiting.slice(place)) };
    const free = request.items.every(({ stream }) => !blocked.has(stream));
    for (const { stream } of request.items) blocked.add(stream);
    if (!free) {
      rest.push(request);
      continue;
    }
    group.push(request);
    items += request.items.length;
    size += request.size;
  }
  return { group, rest };
};
