/**
 * Lets the kernel's programs and the twin's run the same random packets over the same random
 * tables. A round is one set of tables and some packets through one program; its seed alone makes
 * all of it, so a round that fails is run again by its own seed.
 */
import type { PacketDatapath } from '../../services/ports/datapath/packet-runner.ts';
import type { ProgramName } from '../../services/ports/datapath/port.ts';
import { createDice, type Dice } from '../simulation/dice.ts';
import { compare, type Datapaths, type Difference, smallest, type Told } from './difference.ts';
import { answerOf, endsOf, errorAbout, nextOf } from './follow-up.ts';
import { validFrame } from './packets.ts';
import { unitAt } from './slot-filling.ts';
import { spoilt } from './spoil.ts';
import { type Surroundings, surroundings } from './surroundings.ts';

export interface FuzzFailure extends Difference {
  /** `--seed N` runs this round first. */
  readonly seed: number;
  readonly world: Surroundings;
}

export const PROGRAMS: readonly ProgramName[] = ['egress', 'return', 'pod', 'steer'];
const PACKETS_PER_ROUND = 1000;
const PACKETS_PER_BATCH = 50;
const RECENT_MAX = 40;
const OPPOSITE: Partial<Record<ProgramName, ProgramName>> = { egress: 'return', return: 'egress' };
/** By how much the kernel's clock for slots may be late. */
const CLOCK_LAG_NS = 20_000_000n;
const TRIES_MAX = 200;
const NO_FRAME = new Uint8Array();

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
    fillSlots(datapath, world);
  }
  try {
    const found = firstOfRound({ kernel, twin }, world, dice, program, count);
    if (found === null) return null;
    const reset = () => {
      for (const datapath of [kernel, twin]) fillSlots(datapath, world);
    };
    return { ...smallest({ kernel, twin }, found, reset), seed, world };
  } finally {
    for (const datapath of [kernel, twin]) empty(datapath, world);
  }
}

/** Batches, most of them through `program`; in between what flows need to come and go. */
function firstOfRound(
  pair: Datapaths,
  world: Surroundings,
  dice: Dice,
  program: ProgramName,
  count: number,
): Difference | null {
  let recent: readonly Step[] = [];
  for (let done = 0; done < count; done += PACKETS_PER_BATCH) {
    const batchProgram = dice.chance(0.75) ? program : (OPPOSITE[program] ?? program);
    const frames = Array.from({ length: Math.min(PACKETS_PER_BATCH, count - done) }, () => {
      const frame = dice.chance(0.4) ? ofFlow(dice, recent, batchProgram) : null;
      return spoilt(dice, batchProgram, frame ?? validFrame(dice, world, batchProgram));
    });
    const { difference, outcomes } = compareAtOnce(pair, world, batchProgram, frames);
    if (difference !== null) return difference;
    const slots = slotDifference(pair, world);
    if (slots !== null)
      return { ...slots, program: batchProgram, frame: frames.at(-1) ?? NO_FRAME };
    const steps = outcomes.flatMap(({ verdict, frame }, index) => {
      const input = frames[index];
      return verdict !== 'next' || input === undefined
        ? []
        : [{ program: batchProgram, input, output: frame }];
    });
    recent = [...steps, ...recent].slice(0, RECENT_MAX);
  }
  return null;
}

/**
 * Both runs within one unit of the slots' clock, since which of two slots was closed first decides
 * who gets it. Where it ticked meanwhile, again from the same words.
 */
function compareAtOnce(
  pair: Datapaths,
  { slots }: Surroundings,
  program: ProgramName,
  frames: readonly Uint8Array[],
): ReturnType<typeof compare> {
  if (OPPOSITE[program] === undefined) return compare(pair, program, frames);
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const before = slots.map(({ first, words }) => pair.kernel.slots.read(first, words.length));
    const unit = unitAt(process.hrtime.bigint() - CLOCK_LAG_NS);
    const compared = compare(pair, program, frames);
    if (unitAt(process.hrtime.bigint()) === unit) return compared;
    slots.forEach(({ first }, index) => {
      for (const datapath of [pair.kernel, pair.twin]) {
        datapath.slots.write(first, before[index] ?? []);
      }
    });
  }
  throw new Error('no batch ended within the unit of time in which it began');
}

interface Step {
  readonly program: ProgramName;
  readonly input: Uint8Array;
  readonly output: Uint8Array;
}

/** A packet of a flow of which one has passed. */
function ofFlow(dice: Dice, recent: readonly Step[], program: ProgramName): Uint8Array | null {
  if (recent.length === 0) return null;
  const step = dice.pick(recent);
  if (step.program === program) return nextOf(dice, step.input);
  if (program !== 'egress') return answerOf(dice, step.output);
  const ends = endsOf(step.output);
  return ends === null ? null : errorAbout(dice, step.output, ends.to, ends.from);
}

function fillSlots({ slots }: PacketDatapath, world: Surroundings): void {
  for (const { first, words } of world.slots) slots.write(first, words);
}

function slotDifference(
  { kernel, twin }: Datapaths,
  world: Surroundings,
): Pick<Difference, 'kernel' | 'twin'> | null {
  for (const { first, words } of world.slots) {
    const [one, other] = [kernel, twin].map(({ slots }) => slots.read(first, words.length));
    for (const [at, word] of (one ?? []).entries()) {
      const twinWord = other?.[at] ?? 0n;
      if (word === twinWord) continue;
      const told = (value: bigint): Told => ({
        verdict: 'next',
        frame: NO_FRAME,
        counted: [],
        note: `slot ${first + at} is ${value.toString(16).padStart(16, '0')}`,
      });
      return { kernel: told(word), twin: told(twinWord) };
    }
  }
  return null;
}

/** By the keys that were put: to look for what is there takes long. */
function empty({ tables }: PacketDatapath, world: Surroundings): void {
  for (const [table, all] of world.entries) {
    const keys = new Map(all.map(({ key }) => [Buffer.from(key).toString('hex'), key]));
    tables.remove(table, [...keys.values()]);
  }
  for (const { first, words } of world.slots) tables.clearSlots(first, words.length);
}
