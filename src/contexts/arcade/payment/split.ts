/** Basis points (hundredths of a percent) of each payment that go to the two pools; the platform keeps the rest. */
export type PoolShares = { readonly dailyBasisPoints: number; readonly weeklyBasisPoints: number };

const share = (amount: bigint, basisPoints: number): bigint => (amount * BigInt(basisPoints)) / 10_000n;

/** 50 % daily, 20 % weekly unless set otherwise; each pool's share is rounded down and the platform takes the rest (decision 5). */
export const splitPayment = (microUsdc: bigint, shares: PoolShares): { daily: bigint; weekly: bigint; platform: bigint } => {
  const daily = share(microUsdc, shares.dailyBasisPoints);
  const weekly = share(microUsdc, shares.weeklyBasisPoints);
  return { daily, weekly, platform: microUsdc - daily - weekly };
};
