/** Networks: one form, host bits refused, containment. */
import { describe, expect, test } from 'vitest';
import { cidrAddresses, cidrCovers, cidrHasIp, cidrParts, cidrSize, parseCidr } from './cidr.ts';
import { hasCode } from './errors.ts';
import { parseIp } from './ip-address.ts';

describe('a CIDR', () => {
  test.each([
    ['198.51.100.0/24', '198.51.100.0/24'],
    ['198.51.100.7', '198.51.100.7/32'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['2001:DB8::/32', '2001:db8::/32'],
    ['2001:db8::1', '2001:db8::1/128'],
  ])('%s is written as %s', (text, canonical) => {
    expect(parseCidr(text)).toBe(canonical);
  });

  test.each([
    '',
    '/24',
    '198.51.100.0/33',
    '198.51.100.0/-1',
    '198.51.100.0/24/24',
    'x/8',
    '::/129',
    '198.51.100.0/024',
  ])('%j is refused', (text) => {
    expect(() => parseCidr(text)).toThrowError(
      expect.toSatisfy((error) => hasCode(error, 'BERTH_INPUT_CIDR')),
    );
  });

  test('with bits behind its prefix is refused, and the network named', () => {
    expect(() => parseCidr('198.51.100.7/24')).toThrowError(/BERTH_INPUT_CIDR_HOST_BITS/);
    try {
      parseCidr('198.51.100.7/24');
    } catch (error) {
      expect((error as { hint: string }).hint).toContain('198.51.100.0/24');
    }
  });

  test('counts its prefix in 128 bits', () => {
    expect(cidrParts(parseCidr('198.51.100.0/24')).prefixLength).toBe(120);
    expect(cidrParts(parseCidr('2001:db8::/32')).prefixLength).toBe(32);
    expect(cidrSize(parseCidr('203.0.113.16/29'))).toBe(8n);
  });

  test('names its addresses in order', () => {
    expect([...cidrAddresses(parseCidr('203.0.113.16/30'))]).toEqual([
      '203.0.113.16',
      '203.0.113.17',
      '203.0.113.18',
      '203.0.113.19',
    ]);
  });

  test('knows what lies inside it', () => {
    const net = parseCidr('198.51.100.0/25');
    expect(cidrHasIp(net, parseIp('198.51.100.127'))).toBe(true);
    expect(cidrHasIp(net, parseIp('198.51.100.128'))).toBe(false);
    expect(cidrHasIp(parseCidr('::/0'), parseIp('198.51.100.128'))).toBe(true);
    expect(cidrCovers(net, parseCidr('198.51.100.64/26'))).toBe(true);
    expect(cidrCovers(parseCidr('198.51.100.64/26'), net)).toBe(false);
  });
});
