/** The ACL's rules as text, and what a listing of them says. */
import { describe, expect, it } from 'vitest';
import { parseCidr } from '../../services/contract/cidr.ts';
import { hasCode } from '../../services/contract/errors.ts';
import { aclRules, admitRules, readAclListing } from './acl.ts';

const counter = (name: string, packets: number) => ({ counter: { name, packets, bytes: 0 } });
const element = (val: string, packets: number) => ({
  elem: { val, counter: { packets, bytes: 0 } },
});
const listing = (...objects: unknown[]): string =>
  JSON.stringify({ nftables: [{ metainfo: { version: '1.0.6' } }, ...objects] });

function refuses(json: string): boolean {
  try {
    readAclListing(json);
    return false;
  } catch (error) {
    return hasCode(error, 'BERTH_LAB_COMMAND');
  }
}

describe('the ACL of a target', () => {
  it('reads what leaked, what was admitted, and who sent it', () => {
    const json = listing(
      counter('leaked', 3),
      counter('admitted_packets', 40),
      { set: { name: 'protected', elem: ['198.51.100.1'] } },
      { set: { name: 'sources', elem: [element('10.244.1.2', 3), element('203.0.113.17', 40)] } },
      { set: { name: 'refused', elem: [element('10.244.1.2', 3)] } },
    );
    expect(readAclListing(json)).toEqual({
      leakedPackets: 3,
      admittedPackets: 40,
      sourcesSeen: [
        { address: '10.244.1.2', packets: 3 },
        { address: '203.0.113.17', packets: 40 },
      ],
      sourcesRefused: [{ address: '10.244.1.2', packets: 3 }],
    });
  });

  it('reads no sources where none was seen: nft leaves the list out', () => {
    const json = listing(counter('leaked', 0), counter('admitted_packets', 0), {
      set: { name: 'sources' },
    });
    expect(readAclListing(json).sourcesSeen).toEqual([]);
  });

  it.each([
    ['a listing without its counters', listing()],
    ['a listing of another form', JSON.stringify({ nftables: 'none' })],
    [
      'an element without a counter',
      listing(counter('leaked', 0), counter('admitted_packets', 0), {
        set: { name: 'sources', elem: ['10.0.0.1'] },
      }),
    ],
    ['what is not JSON', 'Error: no such table'],
  ])('never takes %s for a count of zero', (_, json) => {
    expect(refuses(json)).toBe(true);
  });

  it('counts and judges before it drops, and drops what it does not know', () => {
    const rules = aclRules([parseCidr('198.51.100.0/29')], [parseCidr('203.0.113.16/28')]);
    const order = ['update @sources', 'ip saddr @admitted', 'counter name leaked drop'];
    const places = order.map((rule) => rules.indexOf(rule));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places).not.toContain(-1);
  });

  it('admits nobody when given nobody', () => {
    expect(admitRules([])).toBe('flush set ip berth_acl admitted\n');
  });
});
