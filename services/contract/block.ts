/**
 * The arithmetic of blocks (docs/ARCHITECTURE.md, "A berth"): an address's ports are cut into
 * aligned power-of-two blocks of N ports; the first 3N/4 of a block are *direct* (a bijection with
 * the pod's narrow source-port range), the last N/4 *flexible*. Pure numbers, shared by the fold,
 * the agent and everything that explains a mapping.
 */

/** First port of every pod's narrow range (`net.ipv4.ip_local_port_range`), installation-wide. */
export const POD_PORT_FIRST = 32768;
export const BLOCK_SIZE_MIN = 64;
export const BLOCK_SIZE_MAX = 16384;
const PORTS_MAX = 65535;

/** Where blocks lie on an address of a pool; fixed for a claim when it is granted. */
export interface BlockGeometry {
  /** First and last usable port, inclusive. */
  readonly portFrom: number;
  readonly portTo: number;
  /** N: ports in a block, a power of two from 64 to 16384. */
  readonly blockSize: number;
}

export function isBlockSize(size: number): boolean {
  const inRange = size >= BLOCK_SIZE_MIN && size <= BLOCK_SIZE_MAX;
  return Number.isInteger(size) && inRange && (size & (size - 1)) === 0;
}

/** D: how many ports of a block map one to one to the pod's narrow range. */
export function directPorts(blockSize: number): number {
  return (blockSize / 4) * 3;
}

/** The base ports of all blocks of an address, ascending. */
export function blockBases(geometry: BlockGeometry): number[] {
  const { portFrom, portTo, blockSize } = geometry;
  const bases: number[] = [];
  const first = Math.ceil(portFrom / blockSize) * blockSize;
  for (let base = first; base + blockSize - 1 <= portTo; base += blockSize) bases.push(base);
  return bases;
}

export function isGeometry(geometry: BlockGeometry): boolean {
  const { portFrom, portTo, blockSize } = geometry;
  const ports = Number.isInteger(portFrom) && Number.isInteger(portTo);
  if (!ports || portFrom < 1 || portTo > PORTS_MAX) return false;
  return isBlockSize(blockSize) && blockBases(geometry).length > 0;
}

/** The pod's source-port range for the smallest of its blocks, both ends inclusive. */
export function podPortRange(smallestBlockSize: number): { from: number; to: number } {
  return { from: POD_PORT_FIRST, to: POD_PORT_FIRST + directPorts(smallestBlockSize) - 1 };
}
