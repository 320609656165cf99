/** Canonical text, bytes, and what is refused. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hasCode } from './errors.ts';
import { ipFromBigInt, ipFromBytes, ipToBigInt, ipToBytes, isV4, parseIp } from './ip-address.ts';

describe('an address', () => {
  test.each([
    ['203.0.113.17', '203.0.113.17'],
    ['0.0.0.0', '0.0.0.0'],
    ['::ffff:203.0.113.17', '203.0.113.17'],
    ['::FFFF:cb00:7111', '203.0.113.17'],
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['::', '::'],
    ['::1', '::1'],
    ['fe80::', 'fe80::'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ])('%s is written as %s', (text, canonical) => {
    expect(parseIp(text)).toBe(canonical);
  });

  test.each([
    '',
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    '01.2.3.4',
    '1.2.3.4 ',
    ' 1.2.3.4',
    'a.b.c.d',
    '1.2.3.4/24',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '12345::',
    'fe80::1%eth0',
    '1:2:3:4:5:6:7::8',
  ])('%j is refused', (text) => {
    expect(() => parseIp(text)).toThrowError(
      expect.toSatisfy((error) => hasCode(error, 'BERTH_INPUT_ADDRESS')),
    );
  });

  test('is 16 bytes, IPv4 mapped, and the bytes give it back', () => {
    expect([...ipToBytes(parseIp('203.0.113.17'))]).toEqual([
      0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 203, 0, 113, 17,
    ]);
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }), (number) => {
        const ip = ipFromBigInt(number);
        expect(ipToBigInt(parseIp(ip))).toBe(number);
        expect(ipFromBytes(ipToBytes(ip))).toBe(ip);
        expect(isV4(ip)).toBe(number >> 32n === 0xffffn);
      }),
    );
  });

  test('of any other number of bytes is refused', () => {
    expect(() => ipFromBytes(new Uint8Array(4))).toThrowError(/BERTH_INPUT_ADDRESS/);
  });
});
