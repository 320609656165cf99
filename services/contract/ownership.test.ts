/** Rendezvous hashing: every gateway says the same owner, and few addresses move. */
import { describe, expect, it } from 'vitest';
import { cidrAddresses, parseCidr } from './cidr.ts';
import { parseIp } from './ip-address.ts';
import { ownerOf } from './ownership.ts';

const ADDRESSES = [...cidrAddresses(parseCidr('203.0.113.0/24'))];
const GATEWAYS = ['g1', 'g2', 'g3', 'g4'];

describe('ownership of NAT addresses', () => {
  it('is nobody’s without a gateway, and the only one’s with one', () => {
    expect(ownerOf(parseIp('203.0.113.1'), [])).toBeNull();
    expect(ownerOf(parseIp('203.0.113.1'), ['g1'])).toBe('g1');
  });

  it('does not depend on the order in which gateways are named', () => {
    for (const address of ADDRESSES) {
      expect(ownerOf(address, GATEWAYS.toReversed())).toBe(ownerOf(address, GATEWAYS));
    }
  });

  it('is spread over all gateways', () => {
    const counts = Object.values(
      Object.groupBy(ADDRESSES, (each) => ownerOf(each, GATEWAYS) ?? ''),
    );
    expect(counts).toHaveLength(GATEWAYS.length);
    for (const owned of counts) expect(owned?.length).toBeGreaterThan(ADDRESSES.length / 8);
  });

  it('moves only the addresses of a gateway that is lost', () => {
    const left = GATEWAYS.filter((gateway) => gateway !== 'g2');
    for (const address of ADDRESSES) {
      const before = ownerOf(address, GATEWAYS);
      if (before !== 'g2') expect(ownerOf(address, left)).toBe(before);
    }
  });
});
