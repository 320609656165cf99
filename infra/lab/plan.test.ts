/** A lab's plan: no two things share a name or an address. */
import { describe, expect, it } from 'vitest';
import { type Cidr, cidrCovers, cidrHasIp, parseCidr } from '../../services/contract/cidr.ts';
import { hasCode } from '../../services/contract/errors.ts';
import { hostsOf } from './network.ts';
import { FABRIC, type LabInit, NAT_ROUTE, planLab } from './plan.ts';

function codeOf(init: LabInit, id = 'x1'): boolean {
  try {
    planLab(id, init);
    return false;
  } catch (error) {
    return hasCode(error, 'BERTH_CONFIG_BAD');
  }
}

describe('the plan of a lab', () => {
  it('has 3 nodes, 1 gateway and 2 targets of 20 protected CIDRs when nothing is said', () => {
    const plan = planLab('x1', {});
    expect(plan.nodes.map(({ name }) => name)).toEqual(['n1', 'n2', 'n3']);
    expect(plan.gateways.map(({ name }) => name)).toEqual(['gw1']);
    expect(plan.targets.map(({ cidrs }) => cidrs.length)).toEqual([20, 20]);
  });

  it('is the same for the same id', () => {
    expect(planLab('x1', { nodes: 5 })).toEqual(planLab('x1', { nodes: 5 }));
  });

  it('gives every host a namespace, an address of the fabric and a MAC of its own', () => {
    const hosts = hostsOf(planLab('x1', { nodes: 100, gateways: 16, targets: 16 }));
    for (const key of ['netns', 'uplinkIp', 'mac', 'fabricPort', 'name'] as const) {
      expect(new Set(hosts.map((host) => host[key])).size).toBe(hosts.length);
    }
    expect(hosts.every(({ uplinkIp }) => cidrHasIp(FABRIC, uplinkIp))).toBe(true);
    expect(hosts.every(({ mac }) => /^02(:[0-9a-f]{2}){5}$/.test(mac))).toBe(true);
  });

  it('shares no namespace name between two labs', () => {
    const [a, b] = ['a1', 'b1'].map((id) => hostsOf(planLab(id, {})).map(({ netns }) => netns));
    expect(a?.filter((netns) => b?.includes(netns))).toEqual([]);
  });

  it('lets no protected CIDR overlap another, nor hold an address that is not protected', () => {
    const plan = planLab('x1', { targets: 16 });
    const all = plan.targets.flatMap(({ cidrs }) => cidrs);
    const overlaps = (a: Cidr, b: Cidr): boolean => cidrCovers(a, b) || cidrCovers(b, a);
    for (const [at, cidr] of all.entries()) {
      expect(all.slice(at + 1).filter((other) => overlaps(cidr, other))).toEqual([]);
    }
    const others = [FABRIC, NAT_ROUTE, parseCidr(plan.outside.address)];
    const pods = plan.nodes.flatMap(({ podCidr }) => (podCidr === null ? [] : [podCidr]));
    expect(all.filter((cidr) => [...others, ...pods].some((o) => overlaps(cidr, o)))).toEqual([]);
  });

  it('names one address in each protected CIDR', () => {
    for (const { cidrs, addresses } of planLab('x1', { targets: 3 }).targets) {
      expect(cidrs.map((cidr, at) => cidrHasIp(cidr, addresses[at] ?? ('' as never)))).toEqual(
        cidrs.map(() => true),
      );
    }
  });

  it('takes names and CIDRs from whoever has them', () => {
    const cidrs = [parseCidr('198.51.100.7/32')];
    const plan = planLab('x1', { nodes: ['nd1', 'nd2'], targets: [{ name: 'orders-db', cidrs }] });
    expect(plan.nodes.map(({ name }) => name)).toEqual(['nd1', 'nd2']);
    expect(plan.targets[0]).toMatchObject({ name: 'orders-db', cidrs, netns: 'bx1-t1' });
  });

  it('gives pods to nodes and none to gateways', () => {
    const plan = planLab('x1', {});
    expect(plan.nodes.map(({ podCidr }) => podCidr)).toEqual([
      '10.244.1.0/24',
      '10.244.2.0/24',
      '10.244.3.0/24',
    ]);
    expect(plan.gateways.map(({ podCidr }) => podCidr)).toEqual([null]);
  });

  it.each([
    ['a name that is there twice', { nodes: ['a', 'a'] }],
    ['a node that is named like a target', { nodes: ['t1'] }],
    ['more nodes than addresses', { nodes: 101 }],
    ['more gateways than addresses', { gateways: 17 }],
    ['more targets than addresses', { targets: 17 }],
  ])('refuses %s', (_, init) => {
    expect(codeOf(init)).toBe(true);
  });

  it.each(['', 'toolongid', 'A', 'a/b', '../x'])('refuses the id %j', (id) => {
    expect(codeOf({}, id)).toBe(true);
  });
});
