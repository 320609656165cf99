/**
 * The arithmetic of direct ports: source port L + i of a pod is port base + i of its NAT address,
 * for the first three quarters of the block.
 */
import { ABI } from '../../tables/layout.gen.ts';

/** How many direct ports a block has; none if there is no block of such a size. */
export function directPorts(sizeLog2: number): number {
  const isSize = sizeLog2 >= ABI.SIZE_LOG2_MIN && sizeLog2 <= ABI.SIZE_LOG2_MAX;
  return isSize ? (2 ** sizeLog2 * 3) / 4 : 0;
}

/** Which of the direct ports it is, counted from `first`; null: none. */
export function directIndex(port: number, first: number, sizeLog2: number): number | null {
  const index = port - first;
  return index >= 0 && index < directPorts(sizeLog2) ? index : null;
}
