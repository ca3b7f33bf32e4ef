import { describe, expect, it } from 'vitest';
import { fromServer, type ServerRecord, toServer } from '../../../src/adapters/kurrent/codec.ts';
import { erasureBegun, erasureLog } from '../../../src/adapters/kurrent/names.ts';
import { event } from '../../contracts/event-store/harness.ts';

const recorded = (given = event(), other: Partial<ServerRecord> = {}): ServerRecord => ({
  ...toServer(given),
  streamId: 'giving.escrow-7f3a',
  revision: 3n,
  isJson: true,
  created: new Date('2026-01-25T00:00:00.000Z'),
  position: { commit: 1187n, prepare: 1187n },
  ...other,
});

describe('events on the server', () => {
  it('come back as they went', () => {
    const given = event('EscrowHeld', { cents: '1200', list: [1, null, 'ü'] });
    expect(fromServer(recorded(given))).toEqual({
      ...given,
      stream: 'giving.escrow-7f3a',
      revision: 3,
      position: '0000000000001187',
      recordedAt: '2026-01-25T00:00:00.000Z',
    });
  });

  it('carry the chain under the names that the server follows', () => {
    expect(toServer(event()).metadata).toMatchObject({ $correlationId: 'c-1', $causationId: 'k-1', correlationId: 'c-1' });
  });

  it('lose what the server adds to their metadata', () => {
    const given = event();
    const metadata = { ...toServer(given).metadata, '$schema.name': 'EscrowHeld', '$schema.format': 'Json' };
    expect(fromServer(recorded(given, { metadata }))?.metadata).toEqual(given.metadata);
  });

  it.each<[string, Partial<ServerRecord>]>([
    ['of the server', { streamId: '$$giving.escrow-7f3a' }],
    ['of another program', { metadata: { tenant: 'x' } }],
    ['without metadata', { metadata: undefined }],
    ['that are not JSON', { isJson: false, data: new Uint8Array([1]) }],
    ['in a stream without a category', { streamId: 'orders' }],
  ])('are not shown when they are %s', (_, other) => {
    expect(fromServer(recorded(event(), other))).toBeNull();
  });

  it('speak of the erased stream when they stand in the log of erasures', () => {
    const data = { stream: 'giving.escrow-7f3a', revision: 9 };
    const marker = fromServer(recorded(event('StreamErased', data), { streamId: erasureLog }));
    expect(marker).toMatchObject({ type: 'StreamErased', stream: 'giving.escrow-7f3a', revision: 9, data: {} });
    expect(fromServer(recorded(event(erasureBegun, data), { streamId: erasureLog }))).toBeNull();
  });
});
