import type { Answer, Command } from '../core/command.ts';

/** Sends commands to the owners of their actors and waits for durable answers. Ticker, reactors, coordinator and api use it. */
export interface Commands {
  /**
   * Resolves when the answer is durable. Throws `answer-unknown` when none came in time (send the same id again),
   * `broker-unavailable` when the command could not be handed over.
   */
  send(command: Command, options?: { readonly urgent?: boolean }): Promise<Answer>;
  /** In the order of `commands`; commands of one stream are handled in this order. */
  sendMany(commands: readonly Command[], options?: { readonly urgent?: boolean }): Promise<readonly Answer[]>;
}
