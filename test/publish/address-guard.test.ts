import { describe, expect, it } from 'vitest';
import { isLoopbackAddress, isPublicAddress } from '../../src/adapters/http/address-guard.ts';
import { createPost } from '../../src/adapters/http/post.ts';
import { checkedAddresses } from '../../src/adapters/http/resolve.ts';

const inside = [
  ...['0.0.0.0', '0.1.2.3', '10.0.0.1', '10.255.255.255', '100.64.0.1', '100.127.255.255', '127.0.0.1', '127.1.2.3', '169.254.169.254'],
  ...[
    '169.254.170.2',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.1',
    '192.0.2.1',
    '192.168.0.1',
    '192.88.99.1',
    '198.18.0.1',
    '198.19.255.255',
  ],
  ...['198.51.100.1', '203.0.113.1', '224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255', '168.63.129.16'],
  ...[
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:8.8.8.8',
    '::127.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b::808:808',
    '64:ff9b:1::1',
  ],
  ...[
    '100::1',
    '2001::1',
    '2001:0:7f00:1::',
    '2001:db8::1',
    '2002:7f00:1::',
    '2002:a00:1::1',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
    'fec0::1',
  ],
  ...[
    'ff02::1',
    'ff0e::1',
    '3fff::1',
    'fe80::1%eth0',
    '2606:4700::1%1',
    '5f00::1',
    '',
    'localhost',
    '1.2.3',
    '0x7f.1',
    '010.0.0.1',
    ' 8.8.8.8',
  ],
];
const outside = [
  '1.1.1.1',
  '8.8.8.8',
  '93.184.216.34',
  '100.63.255.255',
  '100.128.0.1',
  '172.15.255.255',
  '172.32.0.1',
  '192.167.1.1',
  '223.255.255.255',
];
const outside6 = ['2606:4700:4700::1111', '2a00:1450:4001:80b::200e', '2001:4860:4860::8888'];

/** Hosts as an attacker writes them; all of them mean this machine or its networks. */
const disguises = [
  ...[
    '127.0.0.1',
    '127.1',
    '127.0.1',
    '2130706433',
    '0x7f000001',
    '0x7f.0.0.1',
    '0177.0.0.1',
    '017700000001',
    '0',
    '0.0.0.0',
    '127.0.0.1.',
  ],
  ...['[::1]', '[::]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[0:0:0:0:0:ffff:7f00:1]', '[64:ff9b::7f00:1]', '[fe80::1]', '[fd00::1]'],
  ...[
    '169.254.169.254',
    '0xa9fea9fe',
    '2852039166',
    '[::ffff:a9fe:a9fe]',
    '10.1',
    '192.168.257',
    '①②⑦.⓪.⓪.①',
    '127。0。0。1',
    '%31%32%37.0.0.1',
  ],
];
const never = new AbortController().signal;

describe('addresses', () => {
  it.each(inside)('%s is not called', (address) => expect(isPublicAddress(address)).toBe(false));
  it.each([...outside, ...outside6])('%s may be called', (address) => expect(isPublicAddress(address)).toBe(true));
  it('every address of a private /8 and of the loopback one is refused, every other first byte is looked at', () => {
    for (let first = 0; first < 256; first++) {
      const wanted = ![0, 10, 127].includes(first) && first < 224;
      expect(isPublicAddress(`${first}.5.6.7`), String(first)).toBe(wanted);
    }
  });
  it('loopback is told apart for development', () => {
    expect(['127.0.0.1', '127.9.9.9', '::1'].map(isLoopbackAddress)).toEqual([true, true, true]);
    expect(['10.0.0.1', '::', '::2', 'fe80::1', '8.8.8.8', 'localhost'].map(isLoopbackAddress)).toEqual([
      false,
      false,
      false,
      false,
      false,
      false,
    ]);
  });
});

describe('hosts', () => {
  it.each(disguises)('%s is refused before anything is sent', async (host) => {
    const resolve = async () => [{ address: '127.0.0.1', family: 4 }];
    const result = await createPost({ loopback: false, resolve })({ url: `https://${host}/`, headers: {}, body: '', signal: never });
    expect(result).toMatchObject({ kind: 'refused' });
  });

  it('one bad address among good ones refuses the host', async () => {
    const resolve = async () => [
      { address: '93.184.216.34', family: 4 },
      { address: '10.0.0.7', family: 4 },
    ];
    expect(await checkedAddresses('example.org', resolve, false)).toEqual({
      refused: 'example.org is not an address of the public internet',
    });
    expect(await checkedAddresses('example.org', async () => [], false)).toEqual({ refused: 'example.org has no address' });
  });

  it('development opens this machine, and nothing else inside', async () => {
    expect(await checkedAddresses('localhost', async () => [{ address: '::1', family: 6 }], true)).toHaveProperty('addresses');
    expect(await checkedAddresses('10.0.0.1', async () => [], true)).toHaveProperty('refused');
    expect(await checkedAddresses('[fe80::1]', async () => [], true)).toHaveProperty('refused');
  });

  it('credentials, other schemes and plain http are refused', async () => {
    const post = createPost({ loopback: true, resolve: async () => [{ address: '93.184.216.34', family: 4 }] });
    for (const url of [
      'http://example.org/',
      'ftp://example.org/',
      'https://a:b@example.org/',
      'https://a@example.org/',
      'file:///etc/passwd',
      'x',
    ])
      expect(await post({ url, headers: {}, body: '', signal: never }), url).toMatchObject({ kind: 'refused' });
  });
});
