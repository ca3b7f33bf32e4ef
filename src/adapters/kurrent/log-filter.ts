import type { Filter as ServerFilter } from '@kurrent/kurrentdb-client';
import { type RecordedEvent, streamErased } from '../../core/event.ts';
import { categoryOf } from '../../core/stream.ts';
import type { Filter } from '../memory/tail.ts';
import type { Kurrent } from './connection.ts';
import { erasureLog } from './names.ts';

/** Above this many names the server is asked for everything, and the rest is left out here. */
const maxNames = 64;

const isUsable = (names: ReadonlySet<string> | null): names is ReadonlySet<string> =>
  names !== null && names.size > 0 && names.size <= maxNames;

const escaped = (text: string): string => text.replaceAll(/[^A-Za-z0-9_-]/g, '\\$&');

/**
 * What the server is asked for: it looks at types or at stream names, not at both. The log of erasures is always in.
 * Stream names go as an expression: the client's native part ends a read by prefixes of them with an error.
 */
export const serverFilterOf = ({ eventTypeFilter, streamNameFilter, excludeSystemEvents }: Kurrent, filter: Filter): ServerFilter => {
  const { types, categories } = filter;
  if (isUsable(types)) return eventTypeFilter({ prefixes: [...types, streamErased] });
  if (!isUsable(categories)) return excludeSystemEvents();
  const ours = [...categories, categoryOf(erasureLog)].map(escaped);
  return streamNameFilter({ regex: `^(${ours.join('|')})-` });
};

/** Without the events of streams that were erased since. */
export const shown = (events: readonly RecordedEvent[], erased: ReadonlySet<string>): readonly RecordedEvent[] =>
  erased.size === 0 ? events : events.filter(({ type, stream }) => type === streamErased || !erased.has(stream));
