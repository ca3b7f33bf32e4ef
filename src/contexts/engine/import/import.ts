import type { Wish } from '../../../core/command.ts';
import { accept, defineDecider, ignore, reject } from '../../../core/decider.ts';
import type { Instant } from '../../../core/instant.ts';
import type { ImportEvent, ImportState } from './events.ts';

export type ImportCommand =
  | Wish<'StartImport', { name: string; lines: number; contexts: readonly string[]; from: Instant; to: Instant; shiftWeeks: number }>
  | Wish<'AdvanceImport', { cursor: Instant; done: number }>
  | Wish<'FinishImport', { accepted: number; rejected: number; ignored: number }>;

const initial: ImportState = { status: 'none', name: '', contexts: [], lines: 0, done: 0, cursor: null, to: null, shiftWeeks: 0 };

/** A file of past facts: while it runs, its contexts open no slot past its cursor (design section 5). */
export const importDecider = defineDecider<ImportState, ImportCommand, ImportEvent>({
  category: 'engine.import',
  initial,
  events: ['ImportStarted', 'ImportAdvanced', 'ImportFinished'],
  decide: (command, state) => {
    switch (command.type) {
      case 'StartImport':
        if (!command.reason) return reject('reason-missing');
        return state.status === 'none'
          ? accept('started', [{ type: 'ImportStarted', data: command.data }])
          : ignore(`import-${state.status}`);
      case 'AdvanceImport':
        if (state.status !== 'running') return ignore(`import-${state.status}`);
        return state.cursor !== null && command.data.cursor < state.cursor
          ? ignore('cursor-behind')
          : accept('advanced', [{ type: 'ImportAdvanced', data: command.data }]);
      case 'FinishImport':
        return state.status === 'running'
          ? accept('finished', [{ type: 'ImportFinished', data: command.data }])
          : ignore(`import-${state.status}`);
    }
  },
  evolve: (state, event) => {
    switch (event.type) {
      case 'ImportStarted': {
        const { name, contexts, lines, from, to, shiftWeeks } = event.data;
        return { ...state, status: 'running', name, contexts, lines, cursor: from, to, shiftWeeks };
      }
      case 'ImportAdvanced':
        return { ...state, cursor: event.data.cursor, done: event.data.done };
      case 'ImportFinished':
        return { ...state, status: 'finished', done: state.lines };
    }
  },
});
