/**
 * The charity score in hundredths: donated x 0.4 + coins x 10 x 0.2 (decision 11), in whole numbers, rounded down once.
 * The parts for finished cycles, speed and boosts come with checklist C4, whose facts they need.
 */
export const charityScore = (donatedCents: bigint, coins: number): bigint => (donatedCents * 4n) / 10n + BigInt(coins) * 200n;
