import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { signedHeaders, webhookSecret } from '../../src/publish/sign.ts';

const secret = webhookSecret('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo');
const seconds = Math.floor(Date.now() / 1_000);
const body = '{"type":"giving.escrow.EscrowReleased","text":"ä 日本"}';

describe('signatures', () => {
  it('are those of the standardwebhooks package', () => {
    const headers = signedHeaders([secret], { id: 'msg_1', seconds, body });
    expect(headers['webhook-signature']).toBe(new Webhook(secret).sign('msg_1', new Date(seconds * 1_000), body));
    expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
  });

  it('are that of the published example', () => {
    const headers = signedHeaders(['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'], {
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      seconds: 1_614_265_330,
      body: '{"test": 2432232314}',
    });
    expect(headers['webhook-signature']).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });

  it('fail when a byte, the id or the time is another', () => {
    const headers = signedHeaders([secret], { id: 'msg_1', seconds, body });
    const verify =
      (changed: Record<string, string>, text = body) =>
      () =>
        new Webhook(secret).verify(text, { ...headers, ...changed });
    for (let at = 0; at < body.length; at++) {
      const other = `${body.slice(0, at)}${body[at] === 'x' ? 'y' : 'x'}${body.slice(at + 1)}`;
      expect(verify({}, other)).toThrow();
    }
    expect(verify({ 'webhook-id': 'msg_2' })).toThrow();
    expect(verify({ 'webhook-timestamp': String(seconds - 1) })).toThrow();
    const stale = signedHeaders([secret], { id: 'msg_1', seconds: seconds - 600, body });
    expect(() => new Webhook(secret).verify(body, { ...stale })).toThrow(/old/);
  });

  it('two secrets sign beside each other', () => {
    const next = webhookSecret('QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY');
    const headers = signedHeaders([next, secret], { id: 'msg_1', seconds, body });
    for (const each of [secret, next]) expect(() => new Webhook(each).verify(body, headers)).not.toThrow();
  });
});
