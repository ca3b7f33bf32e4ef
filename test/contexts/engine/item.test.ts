import { it } from 'vitest';
import { item } from '../../../src/contexts/engine/item/item.ts';
import { instant } from '../../../src/core/instant.ts';
import { given } from '../../../src/testing/given.ts';

const at = '2026-01-05T00:00Z';
const failure = {
  type: 'ReportFailure' as const,
  data: { job: 'a/b', about: 'a.c-1', message: 'stuck', attempts: 3, nextAt: instant('2026-01-05T00:00:02Z'), build: 1 },
};

it('is tried again up to its attempts, then parked until a person replays or discards it', () => {
  given(item)
    .when(failure, at)
    .then({ accepted: 'try-again' })
    .when(failure, at)
    .then({ accepted: 'try-again' })
    .when(failure, at)
    .then([{ type: 'ItemParked', data: { job: 'a/b', about: 'a.c-1', message: 'stuck', build: 1, attempt: 3 } }])
    .when(failure, at)
    .then({ ignored: 'already-parked' })
    .when({ type: 'ReplayItem', data: {} }, at)
    .then({ rejected: 'reason-missing' })
    .when({ type: 'ReplayItem', data: {}, reason: 'mended' }, at)
    .then({ accepted: 'replayed' })
    .when(failure, at)
    .then({ accepted: 'try-again' })
    .when({ type: 'ReportRecovery', data: {} }, at)
    .then({ accepted: 'recovered' })
    .when({ type: 'DiscardItem', data: {}, reason: 'x' }, at)
    .then({ rejected: 'not-parked' });
});
