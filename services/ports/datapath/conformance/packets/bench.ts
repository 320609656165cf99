/** An adapter's programs as fixtures use them: one frame, and what came of it. */
import { expect } from 'vitest';
import type { Outcome, PacketDatapath, SlotWords } from '../../packet-runner.ts';
import type { DatapathEvents, GatewaySwitch, ProgramName, Tables } from '../../port.ts';

export interface Bench {
  readonly tables: Tables;
  readonly gateway: GatewaySwitch;
  readonly slots: SlotWords;
  readonly events: DatapathEvents;
  /** `counted` are the reasons, each counted with the length of the frame. */
  run(program: ProgramName, frame: Uint8Array): BenchOutcome;
}

export interface BenchOutcome extends Omit<Outcome, 'counted'> {
  readonly counted: readonly string[];
}

export function benchOf(datapath: PacketDatapath): Bench {
  const { tables, gateway, slots, events, packets } = datapath;
  return {
    tables,
    gateway,
    slots,
    events,
    run(program, frame) {
      const [outcome] = packets.run(program, [frame]);
      if (outcome === undefined) throw new Error(`${program} answered nothing`);
      for (const { packets, bytes } of outcome.counted) {
        expect({ packets, bytes }).toEqual({ packets: 1, bytes: frame.length });
      }
      return { ...outcome, counted: outcome.counted.map(({ reason }) => reason) };
    },
  };
}
