/** The compiled table against the plain reading of the destinations, for any destinations. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Cidr, cidrHasIp, cidrParts, parseCidr } from '../../contract/cidr.ts';
import { type IpAddress, ipFromBigInt, ipToBigInt, parseIp } from '../../contract/ip-address.ts';
import type { PortRule } from '../../contract/objects.ts';
import {
  type CompiledEntry,
  type Covered,
  compilePolicySet,
  PORT_RULES_MAX,
} from './policy-set.ts';

interface Probe {
  readonly ip: IpAddress;
  readonly protocol: 'TCP' | 'UDP';
  readonly port: number;
}

function destinations(
  cidrs: readonly string[],
  except: readonly string[] = [],
  ports: readonly PortRule[] = [],
  observe = false,
): Covered {
  return { cidrs: cidrs.map(parseCidr), except: except.map(parseCidr), ports, observe };
}

type Said = 'nothing' | 'observed' | 'enforced';

/** What is enforced wins. */
function strongest(observed: readonly boolean[]): Said {
  if (observed.includes(false)) return 'enforced';
  return observed.includes(true) ? 'observed' : 'nothing';
}

function matchesPorts(rules: readonly PortRule[], { protocol, port }: Probe): boolean {
  if (rules.length === 0) return true;
  return rules.some(
    (rule) =>
      (rule.protocol === 'any' || rule.protocol === protocol) &&
      port >= rule.from &&
      port <= rule.to,
  );
}

/** What the words say, without any table. */
function naive(all: readonly Covered[], probe: Probe): Said {
  const speaking = all.filter(
    ({ cidrs, except, ports }) =>
      cidrs.some((cidr) => cidrHasIp(cidr, probe.ip)) &&
      !except.some((cidr) => cidrHasIp(cidr, probe.ip)) &&
      matchesPorts(ports, probe),
  );
  return strongest(speaking.map(({ observe }) => observe));
}

/** What the kernel does: the longest prefix alone decides. */
function byLongestPrefix(entries: readonly CompiledEntry[], probe: Probe): Said {
  const matching = entries
    .filter(({ cidr }) => cidrHasIp(cidr, probe.ip))
    .sort((a, b) => cidrParts(b.cidr).prefixLength - cidrParts(a.cidr).prefixLength);
  const [longest] = matching;
  if (longest === undefined || longest.hole) return 'nothing';
  const { observe, ports } = longest;
  if (ports.length === 0) return strongest([observe]);
  const matched = ports.filter((rule) => matchesPorts([rule], probe));
  return strongest([...(observe ? [true] : []), ...matched.map((rule) => rule.observe)]);
}

const BASE = ipToBigInt(parseIp('10.0.0.0'));
// A space of 64 addresses, so that prefixes nest and collide all the time.
const anyIp = fc.integer({ min: 0, max: 63 }).map((low) => ipFromBigInt(BASE + BigInt(low)));
const anyCidr: fc.Arbitrary<Cidr> = fc
  .tuple(anyIp, fc.integer({ min: 26, max: 32 }))
  .map(([ip, length]) => {
    const hostBits = BigInt(32 - length);
    return parseCidr(`${ipFromBigInt((ipToBigInt(ip) >> hostBits) << hostBits)}/${length}`);
  });
const anyProtocol = fc.constantFrom('TCP' as const, 'UDP' as const, 'any' as const);
const anyPorts: fc.Arbitrary<PortRule> = fc
  .tuple(anyProtocol, fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 4 }))
  .map(([protocol, from, more]) => ({ protocol, from, to: from + more }));
const anyDestinations: fc.Arbitrary<Covered> = fc.record({
  cidrs: fc.array(anyCidr, { maxLength: 4 }),
  except: fc.array(anyCidr, { maxLength: 3 }),
  // Two rules in each of four destinations never need more than an entry can hold.
  ports: fc.array(anyPorts, { maxLength: 2 }),
  observe: fc.boolean(),
});
const anyProbe: fc.Arbitrary<Probe> = fc.record({
  ip: anyIp,
  protocol: fc.constantFrom('TCP' as const, 'UDP' as const),
  port: fc.integer({ min: 1, max: 18 }),
});

describe('compiled policy sets', () => {
  it('say of every address and port what the destinations say', () => {
    const property = fc.property(
      fc.array(anyDestinations, { maxLength: 4 }),
      fc.array(anyProbe, { minLength: 20, maxLength: 40 }),
      (all, probes) => {
        const entries = compilePolicySet(all);
        expect(entries.every(({ ports }) => ports.length <= PORT_RULES_MAX)).toBe(true);
        for (const probe of probes) {
          expect(byLongestPrefix(entries, probe)).toBe(naive(all, probe));
        }
      },
    );
    fc.assert(property, { numRuns: 500 });
  });

  it('do not depend on the order of the destinations', () => {
    const property = fc.property(fc.array(anyDestinations, { maxLength: 4 }), (all) => {
      expect(compilePolicySet(all.toReversed())).toEqual(compilePolicySet(all));
    });
    fc.assert(property);
  });

  it('cover more, never less, where an entry would need too many port rules', () => {
    const odd = Array.from({ length: PORT_RULES_MAX + 1 }, (_, i) => ({
      protocol: 'TCP' as const,
      from: 2 * i + 1,
      to: 2 * i + 1,
    }));
    const [entry] = compilePolicySet([destinations(['10.0.0.0/24'], [], odd)]);
    expect(entry).toMatchObject({ hole: false, ports: [] });
  });

  it('observe more, and never what is enforced, where observed ports would need too many', () => {
    const odd = (observe: boolean, count: number) =>
      Array.from({ length: count }, (_, i) => ({
        protocol: 'TCP' as const,
        from: 4 * i + (observe ? 1 : 3),
        to: 4 * i + (observe ? 1 : 3),
      }));
    const enforced = destinations(['10.0.0.0/24'], [], odd(false, PORT_RULES_MAX), false);
    const observed = destinations(['10.0.0.0/24'], [], odd(true, PORT_RULES_MAX), true);
    const [entry] = compilePolicySet([enforced, observed]);
    expect(entry).toMatchObject({ observe: true });
    expect(entry?.ports).toEqual(enforced.ports.map((rule) => ({ ...rule, observe: false })));
  });

  it('make a hole of an exception, and fill it where another destination covers it', () => {
    const first = destinations(['198.51.100.0/24'], ['198.51.100.7/32']);
    expect(compilePolicySet([first])).toEqual([
      { cidr: '198.51.100.0/24', hole: false, observe: false, ports: [] },
      { cidr: '198.51.100.7/32', hole: true, observe: false, ports: [] },
    ]);
    const ssh = { protocol: 'TCP' as const, from: 22, to: 22 };
    expect(compilePolicySet([first, destinations(['198.51.100.7'], [], [ssh])])).toEqual([
      { cidr: '198.51.100.0/24', hole: false, observe: false, ports: [] },
      {
        cidr: '198.51.100.7/32',
        hole: false,
        observe: false,
        ports: [{ ...ssh, observe: false }],
      },
    ]);
  });

  it('leave out what says the same as the next wider prefix', () => {
    const all = [destinations(['10.0.0.0/8', '10.1.0.0/16'], ['192.0.2.0/24'])];
    expect(compilePolicySet(all)).toMatchObject([{ cidr: '10.0.0.0/8', hole: false, ports: [] }]);
  });

  it('keep IPv4 and IPv6 apart', () => {
    const all = [destinations(['2001:db8::/32'], ['2001:db8::7'])];
    expect(compilePolicySet(all).map(({ cidr, hole }) => [cidr, hole])).toEqual([
      ['2001:db8::/32', false],
      ['2001:db8::7/128', true],
    ]);
  });
});
