/** A clock that went forward by more than this, against one that never goes back, is not believed at once. */
const jumpMs = 60_000;
/** After so long without another jump it is. */
const steadyMs = 60_000;

export type JumpWatch = {
  /** What is wrong with the wall clock; null when it is believed. */
  trouble(): string | null;
  /** A person says that the clock is right as it is. */
  confirm(): void;
};

/**
 * Compares the wall clock with the monotonic one, in milliseconds, whenever it is asked. Slots and due instants of a future that is none
 * would be settled for good, so a jump forward is waited out; a jump back does no harm, since no actor's time goes back.
 */
export const createJumpWatch = (wall: () => number, monotonic: () => number): JumpWatch => {
  let offset = wall() - monotonic();
  let jumped: { by: number; since: number } | null = null;
  const look = (): void => {
    const now = wall() - monotonic();
    const by = now - offset;
    offset = now;
    if (by > jumpMs) jumped = { by: (jumped?.by ?? 0) + by, since: monotonic() };
    // Back, or partly back: what it says now has to prove itself as well.
    else if (by < -jumpMs && jumped !== null) jumped = { by: jumped.by + by, since: monotonic() };
    else if (jumped !== null && monotonic() - jumped.since >= steadyMs) jumped = null;
  };
  return {
    trouble: () => {
      look();
      if (jumped === null) return null;
      const left = Math.ceil((steadyMs - (monotonic() - jumped.since)) / 1_000);
      return `the clock of this machine jumped by ${Math.round(jumped.by / 1_000)} s; it is believed when it has been steady for another ${left} s`;
    },
    confirm: () => {
      look();
      jumped = null;
    },
  };
};
