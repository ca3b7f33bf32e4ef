import type { ReadModels } from '../src/ports/read-models.ts';

/**
 * An engine's timer asks every second whether something is due, and mostly nothing is. Until the next commit the first due
 * instant answers that, which spares a sixth of all work of a simulation. Other questions go through.
 */
export const withPollCache = (inner: ReadModels): ReadModels => {
  const firstDue = new Map<string, string | null>();
  const changing = <A extends unknown[], T>(work: (...given: A) => Promise<T>): ((...given: A) => Promise<T>) => {
    return (...given) => {
      firstDue.clear();
      return work(...given).finally(() => firstDue.clear());
    };
  };
  return {
    ...inner,
    open: changing(inner.open),
    commit: changing(inner.commit),
    swap: changing(inner.swap),
    list: async (table, query) => {
      const { index, where, to, after, descending } = query;
      const name = where?.name;
      if (table !== 'dues' || index?.[1] !== 'at' || typeof name !== 'string' || to === undefined || after || descending)
        return inner.list(table, query);
      if (!firstDue.has(name)) {
        const [row] = await inner.list(table, { index, where: { name }, limit: 1 });
        firstDue.set(name, (row?.at as string | undefined) ?? null);
      }
      const first = firstDue.get(name) ?? null;
      return first === null || first > to ? [] : inner.list(table, query);
    },
  };
};
