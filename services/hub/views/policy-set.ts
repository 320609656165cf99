/**
 * Compiles destinations (CIDRs, ports, exceptions) into the entries of one longest-prefix table.
 * The kernel looks at the longest matching prefix alone, so each entry must say all that is true
 * of its addresses: a destination speaks for a prefix when one of its CIDRs covers it and none of
 * its exceptions does; the entry has the union of the ports of all that speak for it, or is a hole
 * where nobody does. What is only observed is said apart, and gives way to what is enforced.
 * Entries that say the same as the next wider one are left out.
 */
import { type Cidr, cidrParts } from '../../contract/cidr.ts';
import { ipToBigInt } from '../../contract/ip-address.ts';
import type { Destinations, PortRule } from '../../contract/objects.ts';

/** The kernel's entry holds so many; more are widened to every port, which protects more. */
export const PORT_RULES_MAX = 8;
const ADDRESS_BITS = 128;

/** Destinations, and whether what no berth takes there is rejected or only counted. */
export interface Covered extends Destinations {
  readonly observe: boolean;
}

export interface CompiledPort extends PortRule {
  readonly observe: boolean;
}

/** As the link's PolicyEntry has it. */
export interface CompiledEntry {
  readonly cidr: Cidr;
  /** An exception inside a wider entry: not covered. */
  readonly hole: boolean;
  /** Every port is observed, but those named here, which are enforced. */
  readonly observe: boolean;
  /** None: every port. */
  readonly ports: readonly CompiledPort[];
}

interface Prefix {
  readonly cidr: Cidr;
  readonly start: bigint;
  readonly length: number;
  /** Destinations that name it among their CIDRs, and among their exceptions. */
  readonly covers: Covered[];
  readonly excepts: Covered[];
  verdict: Verdict;
}

/** Null: nobody speaks for it. */
type Verdict = Pick<CompiledEntry, 'observe' | 'ports'> | null;

export function compilePolicySet(destinations: readonly Covered[]): CompiledEntry[] {
  const entries: CompiledEntry[] = [];
  // Prefixes either nest or are disjoint, so in this order all that cover the next one are on the
  // stack, widest first.
  const stack: Prefix[] = [];
  for (const prefix of sortedPrefixes(destinations)) {
    while (stack.length > 0 && !covers(stack.at(-1) as Prefix, prefix)) stack.pop();
    const wider = stack.at(-1)?.verdict ?? null;
    stack.push(prefix);
    prefix.verdict = verdictOf(stack);
    if (sameVerdict(prefix.verdict, wider)) continue;
    entries.push({
      cidr: prefix.cidr,
      hole: prefix.verdict === null,
      observe: prefix.verdict?.observe ?? false,
      ports: prefix.verdict?.ports ?? [],
    });
  }
  return entries;
}

function sortedPrefixes(destinations: readonly Covered[]): Prefix[] {
  const prefixes = new Map<Cidr, Prefix>();
  for (const destination of destinations) {
    for (const cidr of destination.cidrs) prefixOf(prefixes, cidr).covers.push(destination);
    for (const cidr of destination.except) prefixOf(prefixes, cidr).excepts.push(destination);
  }
  return [...prefixes.values()].sort((a, b) => {
    if (a.start !== b.start) return a.start < b.start ? -1 : 1;
    return a.length - b.length;
  });
}

function prefixOf(prefixes: Map<Cidr, Prefix>, cidr: Cidr): Prefix {
  const known = prefixes.get(cidr);
  if (known !== undefined) return known;
  const { address, prefixLength } = cidrParts(cidr);
  const prefix: Prefix = {
    cidr,
    start: ipToBigInt(address),
    length: prefixLength,
    covers: [],
    excepts: [],
    verdict: null,
  };
  prefixes.set(cidr, prefix);
  return prefix;
}

function covers(wide: Prefix, narrow: Prefix): boolean {
  const shift = BigInt(ADDRESS_BITS - wide.length);
  return wide.length <= narrow.length && wide.start >> shift === narrow.start >> shift;
}

function verdictOf(covering: readonly Prefix[]): Verdict {
  const speaking = new Set(covering.flatMap((prefix) => prefix.covers));
  for (const prefix of covering) for (const other of prefix.excepts) speaking.delete(other);
  if (speaking.size === 0) return null;
  const enforced = unionOfPorts([...speaking].filter(({ observe }) => !observe));
  const observed = unionOfPorts([...speaking].filter(({ observe }) => observe));
  return verdictOfPorts(enforced, observed);
}

/** Null: of no port; none: of every port. */
type Ports = readonly PortRule[] | null;

function verdictOfPorts(enforced: Ports, observed: Ports): Verdict {
  const rules = (ports: Ports, observe: boolean): CompiledPort[] =>
    (ports ?? []).map((rule) => ({ ...rule, observe }));
  if (enforced?.length === 0) return { observe: false, ports: [] };
  const named = [...rules(enforced, false), ...rules(observed, true)];
  // Too many to say one by one: what is observed is then every port that is not enforced.
  const isEveryPort = observed?.length === 0 || named.length > PORT_RULES_MAX;
  if (observed !== null && isEveryPort) return { observe: true, ports: rules(enforced, false) };
  return { observe: false, ports: named };
}

function unionOfPorts(destinations: readonly Destinations[]): Ports {
  if (destinations.length === 0) return null;
  if (destinations.some(({ ports }) => ports.length === 0)) return [];
  const rules = destinations.flatMap(({ ports }) => ports);
  const tcp = merged(rules.filter(({ protocol }) => protocol !== 'UDP'));
  const udp = merged(rules.filter(({ protocol }) => protocol !== 'TCP'));
  const inUdp = new Set(udp.map(rangeText));
  const inTcp = new Set(tcp.map(rangeText));
  const union: PortRule[] = [
    ...tcp.map((range) => {
      const protocol = inUdp.has(rangeText(range)) ? ('any' as const) : ('TCP' as const);
      return { protocol, ...range };
    }),
    ...udp
      .filter((range) => !inTcp.has(rangeText(range)))
      .map((range) => ({ protocol: 'UDP' as const, ...range })),
  ];
  return union.length > PORT_RULES_MAX ? [] : union;
}

interface PortRange {
  readonly from: number;
  readonly to: number;
}

/** Ranges that touch or overlap become one. */
function merged(ranges: readonly PortRange[]): PortRange[] {
  const result: { from: number; to: number }[] = [];
  for (const { from, to } of [...ranges].sort((a, b) => a.from - b.from)) {
    const last = result.at(-1);
    if (last !== undefined && from <= last.to + 1) last.to = Math.max(last.to, to);
    else result.push({ from, to });
  }
  return result;
}

function rangeText({ from, to }: PortRange): string {
  return `${from}-${to}`;
}

function sameVerdict(a: Verdict, b: Verdict): boolean {
  if (a === null || b === null) return a === b;
  const texts = (rules: readonly CompiledPort[]): string =>
    rules.map((rule) => `${rule.protocol} ${rangeText(rule)} ${rule.observe}`).join();
  return a.observe === b.observe && texts(a.ports) === texts(b.ports);
}
