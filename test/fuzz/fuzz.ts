/**
 * Lets the kernel's programs and the twin's run the same random packets over the same random
 * tables. A round is one set of tables and some packets through one program; its seed alone makes
 * all of it, so a round that fails is run again by its own seed.
 */
import type { PacketDatapath } from '../../services/ports/datapath/packet-runner.ts';
import type { ProgramName } from '../../services/ports/datapath/port.ts';
import { createDice } from '../simulation/dice.ts';
import { type Difference, firstDifference, smallest } from './difference.ts';
import { validFrame } from './packets.ts';
import { spoilt } from './spoil.ts';
import { type Surroundings, surroundings } from './surroundings.ts';

export interface Datapaths {
  readonly kernel: PacketDatapath;
  readonly twin: PacketDatapath;
}

export interface FuzzFailure extends Difference {
  /** `--seed N` runs this round first. */
  readonly seed: number;
  readonly world: Surroundings;
}

export const PROGRAMS: readonly ProgramName[] = ['egress', 'return', 'pod', 'steer'];
const PACKETS_PER_ROUND = 1000;

/** Runs `packets` through the program; null: both did the same with all of them. */
export function fuzz(
  datapaths: Datapaths,
  program: ProgramName,
  seed: number,
  packets: number,
): FuzzFailure | null {
  for (let round = 0; round * PACKETS_PER_ROUND < packets; round++) {
    const count = Math.min(PACKETS_PER_ROUND, packets - round * PACKETS_PER_ROUND);
    const failure = fuzzRound(datapaths, program, seed + round, count);
    if (failure !== null) return failure;
  }
  return null;
}

function fuzzRound(
  { kernel, twin }: Datapaths,
  program: ProgramName,
  seed: number,
  count: number,
): FuzzFailure | null {
  const dice = createDice(seed);
  const world = surroundings(dice);
  for (const datapath of [kernel, twin]) {
    for (const [table, entries] of world.entries) datapath.tables.put(table, entries);
    datapath.gateway.setLease(world.lease);
  }
  try {
    const frames = Array.from({ length: count }, () =>
      spoilt(dice, program, validFrame(dice, world, program)),
    );
    const pair = { kernel: kernel.packets, twin: twin.packets };
    const found = firstDifference(pair, program, frames);
    if (found === null) return null;
    return { ...smallest(pair, found), seed, world };
  } finally {
    for (const datapath of [kernel, twin]) empty(datapath, world.entries);
  }
}

/** By the keys that were put: to look for what is there takes long. */
function empty({ tables }: PacketDatapath, entries: Surroundings['entries']): void {
  for (const [table, all] of entries) {
    const keys = new Map(all.map(({ key }) => [Buffer.from(key).toString('hex'), key]));
    tables.remove(table, [...keys.values()]);
  }
}
