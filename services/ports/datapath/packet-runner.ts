/**
 * A datapath through which packets can be run without a network: a program is given frames as if
 * they had just come to its hook, and what it makes of each is told. Nothing is sent. For tests and
 * measurements; agents know the Datapath alone.
 *
 * Order: frames run one after another, on the tables as they are, and what one changes (counters)
 * the next one sees. Every run counts as a packet would.
 */
import type { Datapath, ProgramName } from './port.ts';
import type { ReasonName } from './tables/reasons.gen.ts';

/**
 * next: goes on, through the next program or the stack. drop: is gone. answer: goes back into the
 * interface that it was about to leave by. send: leaves by the interface that it came in by.
 */
export type Verdict = 'next' | 'drop' | 'answer' | 'send';

export interface Counted {
  readonly reason: ReasonName;
  readonly packets: number;
  readonly bytes: number;
}

export interface Outcome {
  readonly verdict: Verdict;
  /** As it goes on. Empty when it was dropped. */
  readonly frame: Uint8Array;
  /** By the reasons' numbers. */
  readonly counted: readonly Counted[];
}

export interface PacketRunner {
  /**
   * Frames are whole, as the stack hands them on: at least `frameBytesMin`, checksums complete.
   * Each comes by interface `RUN_IFINDEX`.
   */
  run(program: ProgramName, frames: readonly Uint8Array[]): Outcome[];
}

/** What flexible ports hold, a word each (the head of bpf/lib/slots.h). */
export interface SlotWords {
  read(first: number, count: number): bigint[];
  write(first: number, words: readonly bigint[]): void;
}

export interface PacketDatapath extends Datapath {
  readonly packets: PacketRunner;
  readonly slots: SlotWords;
}

/** The loopback's. */
export const RUN_IFINDEX = 1;
/** To TC the stack hands whole IP headers, to XDP whatever there is after a MAC header. */
export function frameBytesMin(program: ProgramName, frame: Uint8Array): number {
  const type = program === 'steer' ? 0 : ((frame[12] ?? 0) << 8) | (frame[13] ?? 0);
  return ETHERNET_BYTES + (IP_BYTES.get(type) ?? 0);
}

const ETHERNET_BYTES = 14;
/** By ethertype. */
const IP_BYTES = new Map([
  [0x0800, 20],
  [0x86dd, 40],
]);
