/**
 * Entries as the programs read them: any bytes mean something, as they do to the kernel. A value is
 * read once and remembered; tables replace values, and never change one.
 */
import { structReader } from '../../tables/bytes.ts';
import { ABI, LAYOUT } from '../../tables/layout.gen.ts';
import { hexOf } from './wire.ts';

export interface Berth {
  readonly natAddress: string;
  readonly base: number;
  readonly sizeLog2: number;
  readonly mapped: boolean;
  readonly policySet: number;
  /** First of its flexible ports' slots; 0: it has none. */
  readonly flexible: number;
  readonly generation: number;
}

export interface Pod {
  /** Whose entry it says it is. */
  readonly ip: string;
  readonly selected: boolean;
  readonly berths: readonly Berth[];
}

export interface PortRule {
  readonly protocol: number;
  readonly observed: boolean;
  readonly from: number;
  readonly to: number;
}

export interface Policy {
  /** An exception. */
  readonly isHole: boolean;
  /** All of it, but for what rules enforce. */
  readonly isObserved: boolean;
  readonly rules: readonly PortRule[];
}

export interface Block {
  readonly kind: number;
  readonly nodeIndex: number;
  readonly base: number;
  readonly podIp: string;
}

export interface Address {
  readonly index: number;
  readonly sizeLog2: number;
  readonly owned: boolean;
}

const IP_BYTES = 16;

function remembered<Meaning>(read: (value: Uint8Array) => Meaning): (value: Uint8Array) => Meaning {
  const known = new WeakMap<Uint8Array, Meaning>();
  return (value) => {
    const found = known.get(value);
    if (found !== undefined) return found;
    const meaning = read(value);
    known.set(value, meaning);
    return meaning;
  };
}

export const podOf = remembered((value): Pod => {
  const { size, offsets } = LAYOUT.berth_pod;
  const struct = structReader('pods', value, size);
  const count = Math.min(struct.u8(offsets.berth_count), ABI.BERTHS_MAX);
  return {
    ip: hexOf(value, offsets.ip, IP_BYTES),
    selected: (struct.u8(offsets.flags) & ABI.POD_SELECTED) !== 0,
    berths: Array.from({ length: count }, (_, index) => {
      const berth = LAYOUT.berth_slot;
      const at = offsets.berths + index * berth.size;
      return {
        natAddress: hexOf(value, at + berth.offsets.nat_address, IP_BYTES),
        base: struct.u16(at + berth.offsets.base),
        sizeLog2: struct.u8(at + berth.offsets.size_log2),
        mapped: (struct.u8(at + berth.offsets.flags) & ABI.SLOT_MAPPED) !== 0,
        policySet: struct.u32(at + berth.offsets.policy_set),
        flexible: struct.u32(at + berth.offsets.flexible),
        generation: struct.u8(at + berth.offsets.generation) & 0xf,
      };
    }),
  };
});

export const policyOf = remembered((value): Policy => {
  const { size, offsets } = LAYOUT.berth_policy;
  const struct = structReader('policies', value, size);
  const count = Math.min(struct.u8(offsets.rule_count), ABI.RULES_MAX);
  return {
    isHole: struct.u8(offsets.verdict) === ABI.VERDICT_HOLE,
    isObserved: struct.u8(offsets.verdict) === ABI.VERDICT_OBSERVED,
    rules: Array.from({ length: count }, (_, index) => {
      const rule = LAYOUT.berth_port_rule;
      const at = offsets.rules + index * rule.size;
      return {
        protocol: struct.u8(at + rule.offsets.protocol),
        observed: (struct.u8(at + rule.offsets.flags) & ABI.RULE_OBSERVED) !== 0,
        from: struct.u16(at + rule.offsets.port_from),
        to: struct.u16(at + rule.offsets.port_to),
      };
    }),
  };
});

export const blockOf = remembered((value): Block => {
  const { size, offsets } = LAYOUT.berth_block;
  const struct = structReader('blocks', value, size);
  return {
    kind: struct.u8(offsets.kind),
    nodeIndex: struct.u16(offsets.node_index),
    base: struct.u16(offsets.base),
    podIp: hexOf(value, offsets.pod_ip, IP_BYTES),
  };
});

export const addressOf = remembered((value): Address => {
  const { size, offsets } = LAYOUT.berth_address;
  const struct = structReader('addresses', value, size);
  return {
    index: struct.u16(offsets.address_index),
    sizeLog2: struct.u8(offsets.size_log2),
    owned: (struct.u8(offsets.flags) & ABI.ADDRESS_OWNED) !== 0,
  };
});
