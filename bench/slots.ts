import type { Instant } from '../src/core/instant.ts';
import { toMs } from '../src/core/instant.ts';
import { secondContext } from './item.ts';
import { must, percentile, type Row, withApp } from './support.ts';

/** From the instant of a slot to its durable opening, on an idle service. */
export const slotLatency = (scale: number): Promise<readonly Row[]> =>
  withApp([secondContext], async ({ service }) => {
    const wanted = Math.max(5, Math.round(20 * scale));
    const delays: number[] = [];
    const stop = new AbortController();
    for await (const page of service.store.subscribe({ types: ['SlotOpened'] }, stop.signal)) {
      for (const event of page.events) delays.push(toMs(event.recordedAt) - toMs((event.data as { at: Instant }).at));
      // The first slot is opened by the start, not by the clock.
      if (delays.length > wanted) break;
    }
    stop.abort();
    const measured = delays.slice(1);
    must(measured.length >= wanted, 'slots were opened');
    const [p50, max] = [percentile(measured, 0.5), Math.max(...measured)];
    return [
      {
        work: 'slot to its durable opening, p50 / max',
        figure: `${p50.toFixed(0)} / ${max.toFixed(0)} ms`,
        reach: '5 / 20 ms',
        met: p50 <= 5 && max <= 20,
        check: `${measured.length} slots`,
      },
    ];
  });
