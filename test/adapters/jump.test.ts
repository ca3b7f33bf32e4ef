import { expect, it } from 'vitest';
import { createJumpWatch } from '../../src/adapters/system/jump.ts';

const begin = () => {
  let [wall, monotonic] = [1_000_000, 5_000];
  const watch = createJumpWatch(
    () => wall,
    () => monotonic,
  );
  return {
    watch,
    pass: (ms: number, jump = 0): string | null => {
      monotonic += ms;
      wall += ms + jump;
      return watch.trouble();
    },
  };
};

it('a clock that goes with the monotonic one is believed, also with small corrections', () => {
  const { pass } = begin();
  for (let n = 0; n < 100; n++) expect(pass(10_000, n % 2 === 0 ? 500 : -400)).toBeNull();
  expect(pass(86_400_000, 59_000)).toBeNull();
});

it('a jump forward is not believed until it has been steady for a minute', () => {
  const { pass } = begin();
  expect(pass(1_000, 3_600_000)).toContain('jumped by 3600 s');
  expect(pass(59_000)).toContain('another 1 s');
  expect(pass(1_000)).toBeNull();
});

it('a clock that jumps ahead and back again has to be steady after the last jump', () => {
  const { pass } = begin();
  pass(0, 3_600_000);
  pass(30_000);
  expect(pass(1_000, -3_600_000)).toContain('another 60 s');
  expect(pass(59_999)).not.toBeNull();
  expect(pass(1)).toBeNull();
});

it('a jump back alone stops nothing; a person may confirm a jump', () => {
  const { pass, watch } = begin();
  expect(pass(1_000, -7_200_000)).toBeNull();
  expect(pass(1_000, 7_200_000)).not.toBeNull();
  watch.confirm();
  expect(pass(1)).toBeNull();
});
