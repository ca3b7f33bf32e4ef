import { describe, expect, it } from 'vitest';
import { auditOf, type Entry, honest, honestLedger, key, ledgerStream, payout } from './honest-log.ts';

const without = (type: string): Entry[] => honest.filter((entry) => entry.type !== type);
const entry = (type: string): Entry => honest.find((each) => each.type === type)!;
const again = (type: string): Entry[] => [...honest, { ...entry(type), cause: 'another' }];

it('finds nothing wrong with an honest log', async () => {
  expect(await auditOf(honest)).toEqual([]);
});

describe('a broken log', () => {
  const cases: [string, readonly Entry[], string, RegExp][] = [
    ['drops an append that was acknowledged', without('OrderPlaced'), 'lost', /acknowledged and not in the log: pay.order-o1 place-o1/],
    ['forgets a credit', without('AccountCredited'), 'lost', /order o1 was settled and not credited/],
    ['forgets to ask for the payout', honest.filter(({ stream }) => stream !== payout), 'lost', /its payout not asked for/],
    [
      'leaves a slot without a verdict',
      [
        ...honest,
        {
          stream: ledgerStream,
          type: 'SlotsSkipped',
          data: { from: '2026-01-01T00:02:00.000Z', to: '2026-01-01T00:05:00.000Z', count: 3, reason: 'nothing-due', chapter: 0 },
          cause: 'skip',
        },
      ],
      'lost',
      /4 verdicts on 5 slots/,
    ],
    ['credits twice', again('AccountCredited'), 'doubled', /credit for order o1: 2 times/],
    ['settles twice', again('OrderSettled'), 'doubled', /order o1 was settled twice/],
    ['opens a slot twice', again('SlotOpened'), 'doubled', /was opened twice/],
    ['confirms a payout twice', again('EffectConfirmed'), 'doubled', /was confirmed 2 times/],
    ['does a command twice', [...honest, entry('AccountCredited')], 'doubled', /command credit-o1 was done twice/],
    [
      'never settles a due order',
      honest.filter(({ type, stream }) => type !== 'OrderSettled' && stream !== payout && type !== 'AccountCredited'),
      'stuck',
      /order o1 was never settled/,
    ],
    ['never ends an effect', without('EffectConfirmed'), 'stuck', /payout\/o1 is still started/],
    ['never closes a slot', without('SlotClosed'), 'stuck', /is open since/],
    [
      'gives up on a reaction',
      [
        ...honest,
        {
          stream: 'engine.item-pay/credit-account:x',
          type: 'ItemParked',
          data: { job: 'pay/credit-account', about: 'pay.account-b1', attempt: 5, message: 'no', build: 1 },
          cause: 'park',
        },
      ],
      'stuck',
      /pay\/credit-account parked/,
    ],
    [
      'lets a run fail',
      honest.map((each) =>
        each.type === 'SlotClosed' ? { ...each, data: { ...(each.data as object), verdict: 'failed' } as never } : each,
      ),
      'wrong',
      /runs that did not complete/,
    ],
  ];
  it.each(cases)('%s: it is found', async (_name, entries, kind, text) => {
    expect(await auditOf(entries)).toContainEqual({ kind, text: expect.stringMatching(text) });
  });
});

describe('the world outside', () => {
  it.each([
    ['did it twice', { [key]: { calls: 2, applied: 2 } }, 'doubled', /the provider did payout\/o1 2 times/],
    ['never did it', {}, 'lost', /is confirmed, and the provider never did it/],
    ['was called more often than the log says', { [key]: { calls: 2, applied: 1 } }, 'wrong', /called 2 times and started 1 times/],
    [
      'was asked for what nobody knows',
      { ...honestLedger, 'payout/o9': { calls: 1, applied: 1 } },
      'wrong',
      /payout\/o9, which is not in the log/,
    ],
  ] as const)('the provider %s: it is found', async (_name, ledger, kind, text) => {
    expect(await auditOf(honest, { ledger })).toContainEqual({ kind, text: expect.stringMatching(text) });
  });

  it('a read model that missed an event is found', async () => {
    const findings = await auditOf(honest, { forgets: (event) => event.type === 'OrderSettled' });
    expect(findings).toContainEqual({ kind: 'wrong', text: expect.stringMatching(/read model due-index is not what the log says/) });
  });
});
