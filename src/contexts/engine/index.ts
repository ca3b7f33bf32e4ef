import type { Context } from '../../core/context.ts';
import type { Effect } from '../../core/effect.ts';
import { effectDecider, startEffect } from './effect/effect.ts';
import { health } from './health/health.ts';
import { importDecider } from './import/import.ts';
import { item } from './item/item.ts';
import { run, timeOutRun } from './run/run.ts';
import { endPause, schedule } from './schedule/schedule.ts';
import { token } from './token/token.ts';
import { webhookDeliveries } from './webhook/deliveries.ts';
import { webhook } from './webhook/webhook.ts';

/** The engine's own actors, written like any other. They know the effects of all contexts, to judge their attempts. */
export const engineContext = (effects: ReadonlyMap<string, Effect>): Context => ({
  name: 'engine',
  deciders: [schedule, run, effectDecider(effects), item, importDecider, token, health, webhook],
  projections: [webhookDeliveries],
  timers: [
    { category: schedule.category, transition: endPause },
    { category: run.category, transition: timeOutRun },
    { category: 'engine.effect', transition: startEffect },
  ],
});
