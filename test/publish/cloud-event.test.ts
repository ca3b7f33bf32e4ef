import { describe, expect, it } from 'vitest';
import { instant } from '../../src/core/instant.ts';
import { isPublic, routingKey, toCloudEvent } from '../../src/publish/cloud-event.ts';
import { toMessage } from '../../src/publish/publisher.ts';
import { released } from './samples.ts';

describe('the public envelope', () => {
  // Others read this: a change here is a change for them.
  it('is CloudEvents 1.0, field by field', () => {
    expect(toCloudEvent(released)).toEqual({
      specversion: '1.0',
      id: '0193a5c0-0000-7000-8000-000000000001',
      source: '/carillon/giving',
      type: 'giving.escrow.EscrowReleased',
      subject: '7f3a',
      time: '2026-11-23T13:46:41.277Z',
      recordedtime: '2026-11-23T14:00:01.250Z',
      datacontenttype: 'application/json',
      dataschema: 'urn:carillon:giving.escrow.EscrowReleased:v1',
      sequence: '0000000000000042',
      streamrevision: 2,
      correlationid: 'giving/release-escrows@2026-11-23T14:00Z',
      causationid: 'due',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      data: { donor: 'd1', recipient: 'r1', cents: '2500', early: false, reason: null },
    });
  });

  it('uses only names that CloudEvents allows, and JSON types that it knows', () => {
    for (const [name, value] of Object.entries(toCloudEvent(released))) {
      expect(name).toMatch(/^[a-z0-9]{1,20}$/);
      if (name !== 'data') expect(['string', 'number']).toContain(typeof value);
    }
  });

  it('of an erasure has no data, of an imported fact names the import', () => {
    const { traceparent: _, ...metadata } = released.metadata;
    const erased = toCloudEvent({ ...released, type: 'StreamErased', data: {}, metadata: { ...metadata, imported: 'moving-in' } });
    expect(erased).toMatchObject({ type: 'giving.escrow.StreamErased', imported: 'moving-in', time: instant('2026-11-23T13:46:41.277Z') });
    for (const absent of ['data', 'dataschema', 'datacontenttype', 'traceparent']) expect(erased).not.toHaveProperty(absent);
  });

  it('the engine and its refusals are not public', () => {
    expect(isPublic(released)).toBe(true);
    expect(isPublic({ ...released, type: 'StreamErased' })).toBe(true);
    expect(isPublic({ ...released, type: 'CommandRejected' })).toBe(false);
    expect(isPublic({ stream: 'engine.run-giving/release-escrows@x', type: 'RunOpened' })).toBe(false);
    expect(isPublic({ stream: 'engine.token-1', type: 'StreamErased' })).toBe(false);
  });

  it('over AMQP: attributes are headers, the body is the data, the major version ends the routing key', () => {
    expect(routingKey(released)).toBe('giving.escrow.EscrowReleased.v1');
    expect(routingKey({ ...released, metadata: { ...released.metadata, schema: '2.3' } })).toBe('giving.escrow.EscrowReleased.v2');
    const { id, type, headers, body } = toMessage(released);
    expect({ id, type, body }).toEqual({ id: released.id, type: 'giving.escrow.EscrowReleased', body: released.data });
    expect(headers).toMatchObject({
      'cloudEvents:specversion': '1.0',
      'cloudEvents:id': released.id,
      'cloudEvents:streamrevision': '2',
      'cloudEvents:sequence': '0000000000000042',
      traceparent: released.metadata.traceparent,
    });
  });
});
