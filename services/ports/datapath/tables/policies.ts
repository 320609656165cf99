/**
 * `policies`: (policy set, destination) -> covered or not, and on which ports, and whether that is
 * enforced or only observed. The longest prefix of a set decides; a hole is an exception inside a
 * covered CIDR. Sets are shared by all pods that have the same targets, and are written whole under
 * a new number before pods are moved to it.
 */
import { type Cidr, cidrParts, parseCidr } from '../../../contract/cidr.ts';
import { isV4 } from '../../../contract/ip-address.ts';
import type { Entry } from '../port.ts';
import { badEntry, structReader, structWriter } from './bytes.ts';
import { ABI, LAYOUT } from './layout.gen.ts';

export interface PortRule {
  /** `any`: TCP and UDP. */
  readonly protocol: 'TCP' | 'UDP' | 'any';
  /** Both ends inclusive. */
  readonly from: number;
  readonly to: number;
  /** Counted and passed, unless another rule enforces it. @default false */
  readonly observed?: boolean;
}

export interface PolicyEntry {
  readonly policySet: number;
  readonly cidr: Cidr;
  /** observed: all of it is counted and passes, but what a rule names is covered. */
  readonly verdict: 'covered' | 'hole' | 'observed';
  /** Of what is covered. None: all ports and protocols. */
  readonly rules: readonly PortRule[];
}

/** Every protected CIDR: the guard for pods that the node does not know. */
export const POLICY_SET_UNKNOWN_PODS = ABI.SET_UNKNOWN;
/** What selected pods reach by a berth only. */
export const POLICY_SET_SELECTED_PODS = ABI.SET_SELECTED;
/** What known pods that no EgressNat selects do not reach at all. */
export const POLICY_SET_EVERY_POD = ABI.SET_EVERY;
/** The first that a berth may use. */
export const POLICY_SET_FIRST = ABI.SET_SELECTED + 1;
export const PORT_RULES_MAX = ABI.RULES_MAX;

const KEY = LAYOUT.berth_policy_key;
const POLICY = LAYOUT.berth_policy;
const RULE = LAYOUT.berth_port_rule;
const SET_BITS = 32;
const V4_BITS = 96;
const PROTOCOLS = { any: 0, TCP: 6, UDP: 17 } as const;
const VERDICTS = {
  covered: ABI.VERDICT_COVERED,
  hole: ABI.VERDICT_HOLE,
  observed: ABI.VERDICT_OBSERVED,
} as const;

export function isGuardSet(policySet: number): boolean {
  return policySet < POLICY_SET_FIRST || policySet === POLICY_SET_EVERY_POD;
}

export function encodePolicyEntry(policy: PolicyEntry): Entry {
  if (policy.rules.length > PORT_RULES_MAX) {
    const count = policy.rules.length;
    throw badEntry('policies', `${policy.cidr} has ${count} port rules, at most ${PORT_RULES_MAX}`);
  }
  const value = structWriter('policies', POLICY.size);
  value.u8(POLICY.offsets.verdict, VERDICTS[policy.verdict]);
  value.u8(POLICY.offsets.rule_count, policy.rules.length);
  policy.rules.forEach((rule, index) => {
    if (rule.from > rule.to) throw badEntry('policies', `ports ${rule.from}-${rule.to}`);
    const at = POLICY.offsets.rules + index * RULE.size;
    value.u8(at + RULE.offsets.protocol, PROTOCOLS[rule.protocol]);
    value.u8(at + RULE.offsets.flags, rule.observed === true ? ABI.RULE_OBSERVED : 0);
    value.u16(at + RULE.offsets.port_from, rule.from);
    value.u16(at + RULE.offsets.port_to, rule.to);
  });
  return { key: policyKey(policy.policySet, policy.cidr), value: value.bytes };
}

export function policyKey(policySet: number, cidr: Cidr): Uint8Array {
  const { address, prefixLength } = cidrParts(cidr);
  const key = structWriter('policies', KEY.size);
  key.u32(KEY.offsets.prefixlen, SET_BITS + prefixLength);
  key.u32(KEY.offsets.policy_set, policySet);
  key.ip(KEY.offsets.address, address);
  return key.bytes;
}

export function decodePolicyEntry(entry: Entry): PolicyEntry {
  const key = structReader('policies', entry.key, KEY.size);
  const value = structReader('policies', entry.value, POLICY.size);
  const address = key.ip(KEY.offsets.address);
  const length = key.u32(KEY.offsets.prefixlen) - SET_BITS;
  const count = value.u8(POLICY.offsets.rule_count);
  if (count > PORT_RULES_MAX) throw badEntry('policies', `${count} port rules`);
  return {
    policySet: key.u32(KEY.offsets.policy_set),
    cidr: parseCidr(`${address}/${isV4(address) ? length - V4_BITS : length}`),
    verdict: nameOf(VERDICTS, value.u8(POLICY.offsets.verdict)),
    rules: Array.from({ length: count }, (_, index) => {
      const at = POLICY.offsets.rules + index * RULE.size;
      return {
        protocol: nameOf(PROTOCOLS, value.u8(at + RULE.offsets.protocol)),
        from: value.u16(at + RULE.offsets.port_from),
        to: value.u16(at + RULE.offsets.port_to),
        ...(value.u8(at + RULE.offsets.flags) & ABI.RULE_OBSERVED ? { observed: true } : {}),
      };
    }),
  };
}

function nameOf<Name extends string>(
  numbers: Readonly<Record<Name, number>>,
  number: number,
): Name {
  const names = Object.keys(numbers) as Name[];
  const found = names.find((name) => numbers[name] === number);
  if (found === undefined) throw badEntry('policies', `${number} stands for nothing`);
  return found;
}
