import type { Position } from '../../core/event.ts';
import { numberOf, positionOf } from '../memory/position.ts';

/** An event's offset in the server's log. Prepare and commit are the same for every event that is appended over gRPC. */
export const offsetOf = (position: Position | null | undefined): number => numberOf(position);

export const atOffset = (offset: number): Position => positionOf(offset);

/** The server's pair for an offset. */
export const pairOf = (offset: number): { readonly commit: bigint; readonly prepare: bigint } => ({
  commit: BigInt(offset),
  prepare: BigInt(offset),
});
