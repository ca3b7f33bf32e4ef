import { describe, expect, it } from 'vitest';
import type { Connection } from '../../../src/adapters/kurrent/connection.ts';
import { storeError } from '../../../src/adapters/kurrent/errors.ts';
import type { StreamReader } from '../../../src/adapters/kurrent/stream-reader.ts';
import { createWriter } from '../../../src/adapters/kurrent/writer.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import type { AppendItem, StreamPage } from '../../../src/ports/event-store.ts';
import { event, freshStream } from '../../contracts/event-store/harness.ts';

type Sent = { readonly streamName: string; readonly record: { readonly id: string } }[];
const failure = (told: object): Error => Object.assign(new Error('refused'), told);
const violation = (...streams: readonly string[]): Error =>
  failure({ type: 'append-consistency-violation', violations: streams.map((streamName) => ({ streamName, actualState: 0n })) });
const down = failure({ code: 14 });
const item = (): AppendItem => ({ stream: freshStream(), events: [event()], expected: 'no-stream' });

/** A clock whose pauses take no time but count. */
const hastyClock = (): Clock => {
  let now = 0;
  return {
    monotonic: () => now,
    sleep: async (ms: number) => {
      now += ms;
    },
  } as Clock;
};

/** A writer whose server gives the `answers` in turn: an error, or a position. */
const writerOf = (answers: (Error | bigint)[], stored: StreamPage = { events: [], head: 0 }) => {
  const calls: Sent[] = [];
  const client = {
    async appendRecords(records: Sent) {
      calls.push(records);
      const answer = answers.shift() ?? down;
      if (answer instanceof Error) throw answer;
      return { position: answer, responses: [] };
    },
  };
  const connection = {
    client,
    kurrent: { STREAM_STATE: 'stream_state' },
    closing: new AbortController().signal,
    assertOpen: () => undefined,
    errorOf: (error: unknown) => storeError(error, 'kurrentdb://test'),
  } as unknown as Connection;
  const reader = { page: async () => stored } as unknown as StreamReader;
  return { calls, write: createWriter(connection, reader, hastyClock()) };
};

const streamsOf = (sent: Sent | undefined): string[] => (sent ?? []).map(({ streamName }) => streamName);

describe('a batch', () => {
  it('is told its revisions, and the position of its last event', async () => {
    const { write } = writerOf([1187n]);
    const grown: AppendItem = { stream: freshStream(), events: [event(), event()], expected: 4 };
    expect(await write([item(), grown])).toEqual([
      { ok: true, revision: 0, position: '0000000000001187' },
      { ok: true, revision: 6, position: '0000000000001187' },
    ]);
  });

  it('is sent again as it was while its outcome is unknown', async () => {
    const { calls, write } = writerOf([down, failure({ type: 'deadline-exceeded' }), 7n]);
    expect(await write([item(), item(), item()])).toHaveLength(3);
    expect(calls).toHaveLength(3);
    expect(calls[1]).toEqual(calls[0]);
    expect(calls[2]).toEqual(calls[0]);
  });

  it('is given up in the end: the outcome stays unknown for each item', async () => {
    const { write } = writerOf([]);
    expect(await write([item(), item()])).toMatchObject([{ code: 'store-unavailable' }, { code: 'store-unavailable' }]);
  });

  it('goes on without the items in conflict, which are answered with their revision', async () => {
    const [first, second, third] = [item(), item(), item()];
    const { calls, write } = writerOf([violation(second.stream), 7n]);
    const results = await write([first, second, third]);
    expect(results).toMatchObject([{ ok: true }, { ok: false, actual: 0 }, { ok: true }]);
    expect(streamsOf(calls[1])).toEqual([first.stream, third.stream]);
  });

  it('takes an item in conflict for a repeat when its events are there', async () => {
    const given = item();
    const there = { ...given.events[0]!, stream: given.stream, revision: 0, position: '0000000000000042', recordedAt: '' };
    const { write } = writerOf([violation(given.stream)], { events: [there as never], head: 0 });
    expect(await write([given])).toEqual([{ ok: true, revision: 0, position: '0000000000000042' }]);
  });

  it('is halved when the server finds it too large, down to the item at fault', async () => {
    const tooLarge = failure({ type: 'transaction-max-size-exceeded' });
    const { calls, write } = writerOf([tooLarge, 1n, tooLarge, 2n, tooLarge]);
    const results = await write([item(), item(), item(), item()]);
    expect(results).toMatchObject([{ ok: true }, { ok: true }, { ok: true }, { code: 'payload-too-large' }]);
    expect(calls.map((sent) => sent.length)).toEqual([4, 2, 2, 1, 1]);
  });
});
