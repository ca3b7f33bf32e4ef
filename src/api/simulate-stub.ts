import type { Instant } from '../core/instant.ts';
import type { Json } from '../core/json.ts';
import type { Service } from './service.ts';
export const simulate = async (_s: Service, job: string, asOf: Instant, _o: object) => ({ job, asOf, due: 0, changed: 0, events: {} as { [t: string]: number }, actors: [] as { stream: string; rule: string; events: Json; before: Json; after: Json }[] });
