/** A block of ports on an address, as checkers compare it: also blocks of different sizes. */
import { decodePod } from '../../../services/ports/datapath/tables/pods.ts';
import type { NodeKernel } from '../world/node-kernel.ts';

export interface Place {
  readonly address: string;
  readonly base: number;
  readonly size: number;
}

/** A place that a kernel translates a pod's address to. */
export interface HeldPlace extends Place {
  readonly node: string;
  readonly ip: string;
}

export function placeText({ address, base, size }: Place): string {
  return `${address} ${base}+${size}`;
}

export function overlap(a: Place, b: Place): boolean {
  return a.address === b.address && a.base < b.base + b.size && b.base < a.base + a.size;
}

export function placesIn(kernel: NodeKernel): HeldPlace[] {
  return kernel.dump('pods').flatMap((entry) => {
    const { ip, berths } = decodePod(entry);
    return berths
      .filter(({ mapped }) => mapped)
      .map(({ natAddress, base, sizeLog2 }) => {
        return { node: kernel.node, ip, address: natAddress, base, size: 2 ** sizeLog2 };
      });
  });
}
