import { describe, expect, it } from 'vitest';
import type { Ailment, HealthEvent } from '../../../src/contexts/engine/health/events.ts';
import { health } from '../../../src/contexts/engine/health/health.ts';
import { instant } from '../../../src/core/instant.ts';
import { given } from '../../../src/testing/given.ts';

const job = 'giving/release-escrows';
const at = '2026-01-25T02:00:00.000Z';
const since = instant('2026-01-25T00:00:00.000Z');
const message = '55 min late';
const report = (ailment: Ailment | null) => ({ type: 'ReportHealth', data: { job, ailment, since, message } }) as const;
const raised = (ailment: Ailment): HealthEvent => ({ type: 'AlertRaised', data: { job, ailment, since, message } });
const cleared = (ailment: Ailment): HealthEvent => ({ type: 'AlertCleared', data: { job, ailment } });

describe('engine.health', () => {
  it.each<Ailment>(['late', 'never-ran', 'failing'])('raises one alert for an incident, however often it is reported: %s', (ailment) => {
    given(health)
      .when(report(ailment), at)
      .then([raised(ailment)])
      .when({ ...report(ailment), data: { ...report(ailment).data, message: 'still' } }, at)
      .then({ ignored: 'no-change' });
    given(health).when(report(ailment), at).then({ accepted: ailment, facts: { since } });
  });

  it('recovers once', () => {
    given(health, [raised('late')])
      .when(report(null), at)
      .then({ accepted: 'recovered', events: [cleared('late')] })
      .when(report(null), at)
      .then({ ignored: 'no-change' });
  });

  it('a job that was never ill is no news', () => {
    given(health).when(report(null), at).then({ ignored: 'no-change' });
  });

  it('another ailment ends the one before it', () => {
    given(health, [raised('late')])
      .when(report('failing'), at)
      .then([cleared('late'), raised('failing')]);
  });

  it('the same ailment after a recovery is a new incident', () => {
    given(health, [raised('late'), cleared('late')])
      .when(report('late'), at)
      .then([raised('late')]);
  });

  it('remembers what is open, and since when', () => {
    expect(health.evolve(health.initial, raised('failing'))).toEqual({ ailment: 'failing', since });
    expect(health.evolve({ ailment: 'failing', since }, cleared('failing'))).toEqual(health.initial);
  });
});
