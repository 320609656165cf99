/**
 * Runs one program on one frame, in the kernel (BPF_PROG_TEST_RUN), against tables of its own, and
 * says what came of it: verdict, frame, what was counted.
 */
import { resolve } from 'node:path';
import { kernelTables } from '../../services/ports/datapath/kernel/kernel-tables.ts';
import { openObjects } from '../../services/ports/datapath/kernel/objects.ts';
import type { ProgramName, Tables } from '../../services/ports/datapath/port.ts';
import { REASONS, type ReasonName } from '../../services/ports/datapath/tables/reasons.gen.ts';
import { mountBpfFileSystem } from './bpf-file-system.ts';

/**
 * next: goes on, through the next program or the stack. answer: goes back as it is now. send: out
 * again by XDP_TX.
 */
export type Verdict = 'next' | 'drop' | 'answer' | 'send';

export interface Outcome {
  readonly verdict: Verdict;
  readonly frame: Uint8Array;
  readonly counted: readonly ReasonName[];
}

export interface ProgramBench {
  readonly tables: Tables;
  run(program: ProgramName, frame: Uint8Array): Outcome;
  close(): void;
}

const OBJECT_DIR = resolve(import.meta.dirname, '../../build/bpf');
/** The longest frame that comes out: an answer may be longer than its question. */
const ROOM_BYTES = 4096;
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

export function programBench(): ProgramBench {
  const fileSystem = mountBpfFileSystem();
  const objects = openObjects({ pinDir: fileSystem.path, objectDir: OBJECT_DIR });
  const { library } = objects;
  const packets = (): bigint[] => {
    const sums = new BigUint64Array(2 * REASONS.length);
    library.mapSumPairs(objects.map('counters'), sums, REASONS.length);
    return REASONS.map(({ number }) => sums[2 * number] ?? 0n);
  };
  return {
    tables: kernelTables(objects),
    run(program, frame) {
      const before = packets();
      const out = new Uint8Array(ROOM_BYTES);
      const outSize = Uint32Array.of(out.length);
      const verdict = new Uint32Array(1);
      const fd = objects.program(program);
      const result = library.progTestRun(fd, frame, frame.length, out, outSize, verdict);
      if (result < 0) throw new Error(`BPF_PROG_TEST_RUN of ${program}: ${result}`);
      const known = program === 'steer' ? XDP_VERDICTS : TC_VERDICTS;
      const name = known.get(verdict[0] ?? -1);
      if (name === undefined) throw new Error(`${program} answered ${verdict[0]}`);
      const after = packets();
      return {
        verdict: name,
        frame: out.slice(0, outSize[0]),
        counted: REASONS.flatMap(({ name: reason, number }) =>
          new Array(Number((after[number] ?? 0n) - (before[number] ?? 0n))).fill(reason),
        ),
      };
    },
    close() {
      objects.close();
      fileSystem.unmount();
    },
  };
}
