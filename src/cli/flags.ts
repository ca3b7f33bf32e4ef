import type { EventEmitter } from 'node:events';
import type { Command, Option } from 'commander';

const isOff = (value: string | undefined): boolean => value !== undefined && /^(|0|false|no|off)$/i.test(value);

/** `schedules backfill --dry-run` -> `CARILLON_SCHEDULES_BACKFILL_DRY_RUN`. */
export const twinOf = (path: readonly string[], option: Pick<Option, 'name'>): string =>
  ['CARILLON', ...path, option.name()].join('_').replaceAll('-', '_').toUpperCase();

/**
 * Gives every flag without one its environment twin. The parser takes a switch as given whenever its variable is set,
 * whatever the value: one that says "false" is left out, or `..._YES=false` would mean yes.
 */
export const addTwins = (command: Command, path: readonly string[] = [], env: NodeJS.ProcessEnv = process.env): void => {
  for (const option of command.options) {
    if (option.envVar !== undefined || option.long === '--version') continue;
    const twin = twinOf(path, option);
    if (option.isBoolean() && isOff(env[twin])) continue;
    option.env(twin);
    // The parser listens only for variables that were known when the flag was added; this one takes the way of the flag.
    command.on(
      `optionEnv:${option.name()}`,
      (value?: string) => void (command as Command & EventEmitter).emit(`option:${option.name()}`, value),
    );
  }
  for (const child of command.commands) addTwins(child, [...path, child.name()], env);
};

/** Help of a command starts with how it is used. */
export const examples: Readonly<Record<string, readonly string[]>> = {
  start: ['start --demo', 'start --once --folder /var/lib/carillon', 'start handlers --context giving'],
  list: ['list', 'list -o json'],
  trigger: ['trigger escrow-release --wait --reason "after the outage"', 'trigger escrow-release --dry-run --at 2026-11-23T14:00:00Z'],
  simulate: ['simulate streak-update --at 2026-12-01T00:00:00Z'],
  runs: ['runs list --job giving/release-escrows --verdict failed', 'runs show giving/release-escrows@2026-11-23T14:00Z'],
  why: ['why giving.escrow-7f3a', 'why 7f3a -o json'],
  schedules: [
    'schedules next giving/release-escrows --count 3',
    'schedules pause giving/release-escrows --reason "bank holiday" --until 2026-12-27T00:00:00Z',
    'schedules backfill giving/release-escrows --from 2026-11-21T00:00:00Z --to 2026-11-24T00:00:00Z --reason "outage" --dry-run',
  ],
  parked: ['parked list', 'parked replay <id> --reason "the provider is back"', 'parked discard --import <id> --reason "sent then"'],
  import: ['import facts.ndjson --reason "moving in"'],
  streams: ['streams read giving.escrow-7f3a', "streams tail --types 'giving.escrow.*' -o ndjson"],
  projections: ['projections verify runs', 'projections rebuild runs'],
  leaderboard: ['leaderboard list', 'leaderboard top global --limit 3'],
  tokens: ['tokens create grafana --role read --expires 90d', 'tokens revoke <id> --reason "left the team"'],
  webhooks: [
    "webhooks create https://example.org/hooks --types 'giving.escrow.*'",
    'webhooks deliveries <id>',
    'webhooks resend <id> <delivery> --reason "their outage"',
  ],
  config: ['config print', 'config validate --config ./carillon.config.ts'],
  backup: ['backup /backups/2026-11-24'],
  clock: ['clock confirm --reason "the time server was wrong"'],
  migrate: ['migrate --from sqlite --to postgres --folder /var/lib/carillon'],
  compact: ['compact --reason "a quiet hour"'],
  doctor: ['doctor && echo well'],
};

/** Puts the examples before the help of each command. */
export const addExamples = (program: Command): void => {
  for (const command of program.commands) {
    const lines = examples[command.name()];
    if (lines !== undefined) command.addHelpText('before', `Examples:\n${lines.map((line) => `  carillon ${line}`).join('\n')}\n`);
  }
};
