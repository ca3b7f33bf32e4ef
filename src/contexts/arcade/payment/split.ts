import { split } from '../../../core/money.ts';

/** Basis points (hundredths of a percent) of each payment that go to the two pools; the platform keeps the rest. */
export type PoolShares = { readonly dailyBasisPoints: number; readonly weeklyBasisPoints: number };

/** 50 % daily, 20 % weekly unless set otherwise; shares and platform fee add up to the last micro-USDC (decision 5). */
export const splitPayment = (microUsdc: bigint, shares: PoolShares): { daily: bigint; weekly: bigint; platform: bigint } => {
  const { dailyBasisPoints, weeklyBasisPoints } = shares;
  const rest = 10_000 - dailyBasisPoints - weeklyBasisPoints;
  const [daily = 0n, weekly = 0n, platform = 0n] = split(microUsdc, [dailyBasisPoints, weeklyBasisPoints, rest].map(BigInt));
  return { daily, weekly, platform };
};
