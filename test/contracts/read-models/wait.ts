import { beforeEach, expect, it } from 'vitest';
import { at, commitOf, type Open, sample, useReadModels } from './harness.ts';

export const waiting = (open: Open): void => {
  const { models } = useReadModels(open);
  beforeEach(async () => void (await models().open(sample(), 'live')));

  it('passed resolves on the commit that reaches the position, at once when it is past', async () => {
    const reached: number[] = [];
    const waits = [2, 5].map((position) =>
      models()
        .passed('sample', at(position))
        .then(() => reached.push(position)),
    );
    await models().commit(commitOf(null, 1));
    expect(reached).toEqual([]);
    await models().commit(commitOf(1, 3));
    await waits[0];
    expect(reached).toEqual([2]);
    await models().commit(commitOf(3, 5));
    await waits[1];
    await models().passed('sample', at(4));
    expect(reached).toEqual([2, 5]);
  });

  it('passed resolves on abort, also when it was aborted before', async () => {
    const stop = new AbortController();
    const waiting = models().passed('sample', at(9), stop.signal);
    stop.abort();
    await waiting;
    await models().passed('sample', at(9), stop.signal);
    expect(await models().checkpoint('sample')).toBeNull();
  });

  it('a fenced commit wakes nobody, a rebuild neither', async () => {
    let woken = false;
    const stop = new AbortController();
    const waiting = models()
      .passed('sample', at(2), stop.signal)
      .then(() => {
        woken = true;
      });
    await expect(models().commit(commitOf(7, 9))).rejects.toMatchObject({ code: 'projection-fenced' });
    await models().open(sample(), 'rebuild');
    await models().commit(commitOf(null, 9, { build: 'rebuild' }));
    expect(woken).toBe(false);
    stop.abort();
    await waiting;
  });

  it('passed resolves at once when they are closed', async () => {
    await models().close();
    await models().passed('sample', at(9));
  });

  it('passed waits again after a swap to rows that are not as far', async () => {
    await models().commit(commitOf(null, 9));
    await models().passed('sample', at(9));
    await models().open(sample(), 'rebuild');
    await models().commit(commitOf(null, 4, { build: 'rebuild' }));
    await models().swap('sample');
    let woken = false;
    const waiting = models()
      .passed('sample', at(9))
      .then(() => {
        woken = true;
      });
    await models().commit(commitOf(4, 5));
    expect(woken).toBe(false);
    await models().commit(commitOf(5, 9));
    await waiting;
  });
};
