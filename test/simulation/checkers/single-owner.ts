/**
 * At every instant no port is in two pods' hands, anywhere: neither in two entries of any kernels
 * (a kernel keeps what it has while its agent is dead or cut off), nor given by the log while some
 * kernel still has it.
 */
import type { History } from '../surroundings.ts';
import type { NodeKernel } from '../world/node-kernel.ts';
import { type HeldPlace, overlap, type Place, placesIn, placeText } from './place.ts';

export interface SingleOwner {
  kernelChanged(kernel: NodeKernel): void;
  /** The log gave this place to a pod, just now. */
  granted(place: Place, uid: string): void;
}

export function createSingleOwner(history: History): SingleOwner {
  const held = new Map<string, readonly HeldPlace[]>();

  return {
    kernelChanged(kernel) {
      const own = placesIn(kernel);
      held.set(kernel.node, own);
      const all = [...held.values()].flat();
      for (const place of own) {
        for (const other of all) {
          if (other === place || !overlap(place, other)) continue;
          const [a, b] = [place, other].map(({ node, ip }) => `${ip} on ${node}`);
          history.broken('single owner', `${placeText(place)} is of ${a} and of ${b}`);
        }
      }
    },
    granted(place, uid) {
      for (const other of [...held.values()].flat()) {
        if (!overlap(place, other)) continue;
        const where = `${other.ip} on ${other.node}`;
        history.broken('single owner', `${placeText(place)} given to ${uid}, still of ${where}`);
      }
    },
  };
}
