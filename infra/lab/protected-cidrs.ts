/**
 * The protected CIDRs of the lab's targets: 20 each, of several sizes, from the networks that are
 * set aside for documentation and benchmarks (RFC 5737, RFC 2544), with gaps between them, so that
 * a neighbour address of a protected one is there to be asked too.
 */
import { type Cidr, parseCidr } from '../../services/contract/cidr.ts';

/** Each target has a /25 of its own: of the first two networks, then of the third. */
const HALVES_NAMED = ['198.51.100.0', '192.0.2.0', '198.51.100.128', '192.0.2.128'] as const;
/** [prefix length, how many, distance from one to the next, offset of the first]. */
const SIZES = [
  [29, 3, 8, 0],
  [30, 5, 4, 24],
  [32, 12, 5, 48],
] as const;

/** `at`: the target's place among the targets. */
export function protectedCidrs(at: number): Cidr[] {
  const base = HALVES_NAMED[at] ?? `198.19.${at}.0`;
  const octets = base.split('.');
  const last = Number(octets.pop());
  return SIZES.flatMap(([length, count, distance, offset]) =>
    Array.from({ length: count }, (_, i) =>
      parseCidr(`${octets.join('.')}.${last + offset + i * distance}/${length}`),
    ),
  );
}
