/** Runs packets through the programs in the kernel, a batch in one call. */
import { berthError } from '../../../contract/errors.ts';
import type { Outcome, PacketRunner, Verdict } from '../packet-runner.ts';
import type { ProgramName } from '../port.ts';
import { ABI } from '../tables/layout.gen.ts';
import { REASONS } from '../tables/reasons.gen.ts';
import { errnoName } from './errno.ts';
import type { KernelObjects } from './objects.ts';

const TC_VERDICTS: ReadonlyMap<number, Verdict> = new Map([
  [0xffffffff, 'next'],
  [2, 'drop'],
  [7, 'answer'],
]);
const XDP_VERDICTS: ReadonlyMap<number, Verdict> = new Map([
  [1, 'drop'],
  [2, 'next'],
  [3, 'send'],
]);
/** An answer may be longer than its question. */
const GROWTH_BYTES = 128;
const FRAMES_PER_CALL = 256;
/** struct berth_run, in words of 32 bits: verdict, size, and a pair for each reason. */
const RUN_WORDS = 2 + 2 * ABI.REASONS_ENTRIES;

export function kernelPackets(objects: KernelObjects): PacketRunner {
  return {
    run(program, frames) {
      const outcomes: Outcome[] = [];
      for (let at = 0; at < frames.length; at += FRAMES_PER_CALL) {
        outcomes.push(...runSome(objects, program, frames.slice(at, at + FRAMES_PER_CALL)));
      }
      return outcomes;
    },
  };
}

function runSome(
  { library, program, map }: KernelObjects,
  name: ProgramName,
  frames: readonly Uint8Array[],
): Outcome[] {
  const sizes = Uint32Array.from(frames, ({ length }) => length);
  const room = Math.max(...sizes) + GROWTH_BYTES;
  const out = new Uint8Array(room * frames.length);
  const runs = new Uint32Array(RUN_WORDS * frames.length);
  const all = Buffer.concat(frames);
  const [fd, counters] = [program(name), map('counters')];
  const result = library.progRun(fd, counters, all, sizes, frames.length, out, room, runs);
  if (result < 0) {
    const reason = `cannot run ${name}: ${errnoName(result)}`;
    throw berthError('BERTH_DATAPATH_LOAD', { reason });
  }
  return frames.map((_, index) => {
    const run = runs.subarray(index * RUN_WORDS, (index + 1) * RUN_WORDS);
    return outcomeOf(name, run, out.subarray(index * room, (index + 1) * room));
  });
}

function outcomeOf(program: ProgramName, run: Uint32Array, out: Uint8Array): Outcome {
  const [word = 0, size = 0] = run;
  const verdict = (program === 'steer' ? XDP_VERDICTS : TC_VERDICTS).get(word);
  if (verdict === undefined) {
    throw berthError('BERTH_DATAPATH_LOAD', { reason: `${program} answered ${word}` });
  }
  return {
    verdict,
    frame: verdict === 'drop' ? new Uint8Array() : out.slice(0, size),
    counted: REASONS.flatMap(({ name, number }) => {
      const packets = run[2 + 2 * number] ?? 0;
      const bytes = run[3 + 2 * number] ?? 0;
      return packets === 0 ? [] : [{ reason: name, packets, bytes }];
    }),
  };
}
