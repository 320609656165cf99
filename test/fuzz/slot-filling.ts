/**
 * Random words for flexible ports to begin with. Their ages are far from every limit, since kernel
 * and twin do not read the clock at the same moment.
 */
import { type PodBerth, slotCount } from '../../services/ports/datapath/tables/pods.ts';
import type { Dice } from '../simulation/dice.ts';

export interface SlotFilling {
  readonly first: number;
  readonly words: readonly bigint[];
}

const ESTABLISHED = 4;
const AGES = [0, 20, 40, 100, 200, 280, 1000, 7000, 8000, 500_000, 1_000_000];
const SEEN_MODULUS = 2 ** 20;
/** Words of a berth with more flexible ports than that are zero after these. */
const FILLED_MAX = 64;

/** As `seen` tells it. */
export const unitAt = (ns: bigint): number => Number(ns >> 30n) % SEEN_MODULUS;

export function slotFilling(
  dice: Dice,
  { slots, sizeLog2 }: PodBerth,
  ports: readonly number[],
): SlotFilling[] {
  if (slots === undefined) return [];
  const now = unitAt(process.hrtime.bigint());
  const fullness = dice.pick([0, 0.3, 1, 1]);
  const isBusy = dice.chance(0.5);
  const words = Array.from({ length: slotCount(sizeLog2) }, (_, number) => {
    if (number >= FILLED_MAX || !dice.chance(fullness)) return 0n;
    if (isBusy && dice.chance(0.95)) return busyWord(dice, slots.generation, now);
    const generation = dice.chance(0.9) ? slots.generation : dice.below(16);
    const seen = (now - dice.pick(AGES) + SEEN_MODULUS) % SEEN_MODULUS;
    const flow = BigInt(dice.pick(ports) & 0xffff) | (BigInt(dice.below(65536)) << 16n);
    const state = BigInt(dice.below(4)) | (BigInt(dice.below(32)) << 2n);
    const rest = BigInt(generation) | (BigInt(seen) << 4n);
    return flow | (state << 32n) | (rest << 40n);
  });
  return [{ first: slots.first, words }];
}

/** A flow that lives and is not closing. */
function busyWord(dice: Dice, generation: number, now: number): bigint {
  const state = BigInt(dice.between(1, 3) | ESTABLISHED);
  const flow = BigInt(dice.below(65536)) | (BigInt(dice.below(65536)) << 16n);
  return flow | (state << 32n) | (BigInt(generation) << 40n) | (BigInt(now) << 44n);
}
