import { describe, expect, it } from 'vitest';
import { addressOf } from '../../../src/adapters/kurrent/address.ts';

const refused = (says: RegExp) => expect.objectContaining({ code: 'config-invalid', message: expect.stringMatching(says) });
const reading = (text: string) => () => addressOf(text);

describe('the connection string', () => {
  it.each([
    ['kurrentdb://127.0.0.1:2113?tls=false', 'kurrentdb://127.0.0.1:2113?tls=false'],
    ['esdb://localhost:2113?tls=false', 'kurrentdb://localhost:2113?tls=false'],
    ['  kdb://db.example/  ', 'kurrentdb://db.example'],
    ['esdb+discover://db.example:2113', 'kurrentdb+discover://db.example:2113?nodePreference=leader'],
    ['kurrentdb://a:1,b:2,c:3?tls=true', 'kurrentdb://a:1,b:2,c:3?tls=true&nodePreference=leader'],
    ['kurrentdb://a:1,b:2?node-preference=follower', 'kurrentdb://a:1,b:2?node-preference=follower'],
    ['kurrentdb://ops:s%40fe@db.example:2113', 'kurrentdb://ops:s%40fe@db.example:2113'],
  ])('reads %s', (text, url) => {
    expect(addressOf(text).url).toBe(url);
  });

  it('tells what the scavenge call needs', () => {
    const address = addressOf('kurrentdb://ops:s%40fe@a:1,b:2?tls=true&tlsCAFile=%2Fetc%2Fca.pem');
    expect(address).toMatchObject({ hosts: ['a:1', 'b:2'], secure: true, login: { user: 'ops', password: 's@fe' } });
    expect(address.options.get('tlscafile')).toBe('/etc/ca.pem');
    expect(addressOf('esdb://localhost?tls=false').secure).toBe(false);
  });

  it('never shows the password', () => {
    expect(addressOf('kurrentdb://ops:secret@db.example:2113').shown).toBe('kurrentdb://db.example:2113');
    expect(reading('kurrentdb://ops:secret@db.example:99999')).not.toThrow(/secret/);
  });

  it.each([
    ['http://localhost:2113', /not a connection string/],
    ['localhost:2113', /not a connection string/],
    ['kurrentdb://', /not a connection string/],
    ['kurrentdb://db.example:port', /"db.example:port"/],
    ['kurrentdb://db.example:70000', /"db.example:70000"/],
    ['kurrentdb://ops@db.example', /user without a password/],
    ['kurrentdb://ops:p%zz@db.example', /percent-encoding/],
  ])('refuses %s', (text, says) => {
    expect(reading(text)).toThrow(refused(says));
  });

  it('refuses the shipped password, but on this machine', () => {
    expect(reading('kurrentdb://admin:changeit@db.example:2113')).toThrow(refused(/change it there and here/));
    expect(reading('kurrentdb://admin:changeit@127.0.0.1:2113')).not.toThrow();
  });
});
