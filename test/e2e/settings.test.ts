import { expect, it } from 'vitest';
import { createApp } from '../../src/app.ts';
import { accept, cron, type DomainEvent, defineContext, defineDecider, defineJob, type Instant, plus, type Wish } from '../../src/index.ts';
import { caughtUp } from '../../src/projections/caught-up.ts';
import { actorRow, firstDueAt } from '../../src/projections/due-queries.ts';
import { tempFolder, testConfig } from '../support/app.ts';
import { nextEventOf } from '../support/events.ts';
import { lampContext, newBench } from '../support/lamp.ts';

type Loan = { readonly lentAt: Instant | null };
type LoanCommand = Wish<'LendBook', Record<string, never>> | Wish<'RemindReader', Record<string, never>>;
type LoanEvent = DomainEvent<'BookLent', { at: Instant }> | DomainEvent<'ReaderReminded', Record<string, never>>;

const loan = defineDecider<Loan, LoanCommand, LoanEvent>({
  category: 'library.loan',
  initial: { lentAt: null },
  events: ['BookLent', 'ReaderReminded'],
  intake: { LendBook: { type: 'object', additionalProperties: false } },
  decide: (command) =>
    command.type === 'LendBook'
      ? accept('lent', [{ type: 'BookLent', data: { at: command.asOf } }])
      : accept('reminded', [{ type: 'ReaderReminded', data: {} }]),
  evolve: (_state, event) => ({ lentAt: event.type === 'BookLent' ? event.data.at : null }),
});

const library = defineContext('library', { days: 30 }, ({ days }) => ({
  deciders: [loan],
  jobs: [
    defineJob({
      name: 'library/remind-readers',
      title: 'Remind readers',
      schedule: cron('0 9 * * *'),
      healthyWithinMinutes: 1_500,
      actor: loan,
      dueAt: (state) => (state.lentAt === null ? null : plus(state.lentAt, days * 86_400_000)),
      command: (_id, asOf) => ({ type: 'RemindReader', data: {}, asOf }),
    }),
  ],
}));

it('a changed setting moves the stored due instants at the next start', async () => {
  const folder = tempFolder();
  const config = await testConfig(folder, [library]);
  const first = await createApp(config, { listen: false });
  await first.inject('POST', '/api/v1/commands', { id: 'lend', to: 'library.loan-x', type: 'LendBook', data: {} });
  await caughtUp(first.service, ['due-index']);
  const row = await actorRow(first.service.readModels, 'library.loan-x');
  const lentAt = (row!.state as Loan).lentAt!;
  expect(await firstDueAt(first.service.readModels, 'library/remind-readers')).toBe(plus(lentAt, 30 * 86_400_000));
  await first.close();

  const second = await createApp({ ...config, settings: { library: { days: 14 } } }, { listen: false });
  // In the background: the start does not wait for it.
  while ((await firstDueAt(second.service.readModels, 'library/remind-readers')) !== plus(lentAt, 14 * 86_400_000))
    await second.service.clock.sleep(1);
  await second.close();
});

it('a context that was off, while the due index was built anew without it, comes back with its due actors', async () => {
  const folder = tempFolder();
  const config = await testConfig(folder, [library, lampContext(newBench())]);
  const first = await createApp(config, { listen: false });
  await first.inject('POST', '/api/v1/commands', { id: 'lend', to: 'library.loan-x', type: 'LendBook', data: {} });
  await first.close();

  const without = await createApp(await testConfig(folder, [lampContext(newBench())]), { listen: false });
  expect((await without.inject('POST', '/api/v1/projections/due-index/rebuild', {})).status).toBe(200);
  expect(await actorRow(without.service.readModels, 'library.loan-x')).toBeNull();
  await without.close();

  const back = await createApp(config, { listen: false });
  while ((await actorRow(back.service.readModels, 'library.loan-x')) === null) await back.service.clock.sleep(1);
  expect(await firstDueAt(back.service.readModels, 'library/remind-readers')).not.toBeNull();
  await back.close();
});

it('a setting that makes most of a category due at once holds the job until a person has looked', async () => {
  const folder = tempFolder();
  const config = await testConfig(folder, [library]);
  const first = await createApp(config, { listen: false });
  for (const id of ['x', 'y', 'z'])
    await first.inject('POST', '/api/v1/commands', { id: `lend-${id}`, to: `library.loan-${id}`, type: 'LendBook', data: {} });
  await first.close();

  const second = await createApp({ ...config, settings: { library: { days: 0 } } }, { listen: false });
  const paused = await nextEventOf(second.service.store, (event) => event.type === 'SchedulePaused');
  expect(paused.stream).toBe('engine.schedule-library/remind-readers');
  expect((paused.data as { reason: string }).reason).toContain('3 of 3 actors due that were not');
  await second.inject('POST', '/api/v1/jobs/trigger/remind-readers', { dryRun: true });
  const key = encodeURIComponent('library/remind-readers');
  expect(await second.inject('POST', `/api/v1/schedules/${key}/resume`, { reason: 'looked at it' })).toMatchObject({ status: 200 });
  await second.inject('POST', '/api/v1/jobs/trigger/remind-readers', { reason: 'now' });
  let reminded = 0;
  await nextEventOf(second.service.store, (event) => event.type === 'ReaderReminded' && ++reminded === 3);
  await second.close();
});
