import type { ContextDefinition } from '../core/context.ts';
import { arcade } from './arcade/index.ts';
import { giving } from './giving/index.ts';
import { quiz } from './quiz/index.ts';

/**
 * Every context of the app, in the order in which jobs that share an instant settle. A new context is one line here.
 * The engine's own context is added by app.ts.
 */
export const contextDefinitions: readonly ContextDefinition[] = [quiz, arcade, giving];
