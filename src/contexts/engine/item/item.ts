import type { Wish } from '../../../core/command.ts';
import { accept, defineDecider, ignore, reject } from '../../../core/decider.ts';
import type { Instant } from '../../../core/instant.ts';
import type { ItemEvent, ItemState, ReactionCause } from './events.ts';

export type ItemCommand =
  | Wish<
      'ReportFailure',
      { job: string; about: string; message: string; attempts: number; nextAt: Instant; build: number; reaction?: ReactionCause }
    >
  | Wish<'ReportRecovery', Record<string, never>>
  | Wish<'ReplayItem', Record<string, never>>
  | Wish<'DiscardItem', Record<string, never>>;

const initial: ItemState = { status: 'none', job: '', about: '', attempt: 0, message: '', nextAt: null, build: 0 };

/** What failed under a job or a reactor: its tries, then parked until a person replays or discards it (checklist X8). */
export const item = defineDecider<ItemState, ItemCommand, ItemEvent>({
  category: 'engine.item',
  initial,
  events: ['ItemFailed', 'ItemParked', 'ItemRecovered', 'ItemReplayed', 'ItemDiscarded'],
  decide: (command, state) => {
    switch (command.type) {
      case 'ReportFailure': {
        if (state.status === 'parked') return ignore('already-parked');
        const { attempts, nextAt, ...failure } = command.data;
        const attempt = (state.status === 'waiting' ? state.attempt : 0) + 1;
        return attempt < attempts
          ? accept('try-again', [{ type: 'ItemFailed', data: { ...failure, attempt, nextAt } }])
          : accept('attempts-exhausted', [{ type: 'ItemParked', data: { ...failure, attempt } }]);
      }
      case 'ReportRecovery':
        return state.status === 'waiting' || state.status === 'parked'
          ? accept('recovered', [{ type: 'ItemRecovered', data: {} }])
          : ignore('not-waiting');
      case 'ReplayItem':
        if (state.status !== 'parked') return reject('not-parked', { status: state.status });
        return command.reason ? accept('replayed', [{ type: 'ItemReplayed', data: { at: command.asOf } }]) : reject('reason-missing');
      case 'DiscardItem':
        if (state.status !== 'parked') return reject('not-parked', { status: state.status });
        return command.reason ? accept('discarded', [{ type: 'ItemDiscarded', data: {} }]) : reject('reason-missing');
    }
  },
  evolve: (state, event) => {
    switch (event.type) {
      case 'ItemFailed':
        return { ...state, ...event.data, status: 'waiting' };
      case 'ItemParked':
        return { ...state, ...event.data, status: 'parked', nextAt: null };
      case 'ItemReplayed':
        return { ...state, status: 'waiting', attempt: 0, nextAt: event.data.at, replays: (state.replays ?? 0) + 1 };
      case 'ItemRecovered':
        return { ...state, status: 'recovered', nextAt: null };
      case 'ItemDiscarded':
        return { ...state, status: 'discarded', nextAt: null };
    }
  },
});
