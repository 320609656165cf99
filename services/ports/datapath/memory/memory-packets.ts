/**
 * Runs packets through the twin's programs, written from what the programs promise and not from
 * their C, so that each judges the other. What a reason means for a packet follows from its class.
 */
import { type Counted, type Outcome, type PacketRunner, RUN_IFINDEX } from '../packet-runner.ts';
import type { ProgramName } from '../port.ts';
import { REASONS, type ReasonName } from '../tables/reasons.gen.ts';
import type { Tell } from './memory-events.ts';
import { egress } from './programs/egress.ts';
import { guard } from './programs/guard.ts';
import { inward } from './programs/inward.ts';
import { type Contents, type Lookup, lookupIn } from './programs/lookup.ts';
import { type Packet, parsePacket } from './programs/packet.ts';
import { answerTo } from './programs/reject.ts';
import type { Result } from './programs/result.ts';
import type { SlotStore } from './programs/slots.ts';
import { type ArpLease, steer } from './programs/steer.ts';

export type Count = (reason: ReasonName, bytes: number) => void;

const CLASSES = new Map(REASONS.map(({ name, kind }) => [name as ReasonName, kind]));
const NOTHING = new Uint8Array();

const TC_PROGRAMS = {
  egress,
  return: inward,
  pod: (lookup: Lookup, _: Uint8Array, packet: Packet): Result =>
    guard(lookup, RUN_IFINDEX, packet),
};

export function memoryPackets(
  contents: Contents,
  slots: SlotStore,
  lease: ArpLease,
  { count, tell }: { readonly count: Count; readonly tell: Tell },
): PacketRunner {
  const lookup = lookupIn(contents, slots);
  return {
    run: (program, frames) =>
      frames.map((frame) => {
        const outcome =
          program === 'steer' ? runXdp(lookup, lease, frame) : runTc(lookup, program, frame, tell);
        for (const { reason, bytes } of outcome.counted) count(reason, bytes);
        return outcome;
      }),
  };
}

function runXdp(lookup: Lookup, lease: ArpLease, frame: Uint8Array): Outcome {
  const result = steer(lookup, lease, frame);
  if (result === null) return { verdict: 'next', frame: frame.slice(), counted: [] };
  const counted = [once(result.reason, frame)];
  if (CLASSES.get(result.reason) !== 'done') return { verdict: 'drop', frame: NOTHING, counted };
  return { verdict: 'send', frame: result.frame ?? frame.slice(), counted };
}

function runTc(
  lookup: Lookup,
  program: Exclude<ProgramName, 'steer'>,
  frame: Uint8Array,
  tell: Tell,
): Outcome {
  const packet = parsePacket(frame);
  const result = packet === null ? null : TC_PROGRAMS[program](lookup, frame, packet);
  if (packet === null || result === null) {
    return { verdict: 'next', frame: frame.slice(), counted: [] };
  }
  const teller = tellerOf(lookup, program, packet);
  if (teller !== null) tell(result.reason, teller, packet);
  const counted = [once(result.reason, frame)];
  const kind = CLASSES.get(result.reason);
  if (kind === 'done') return { verdict: 'next', frame: result.frame ?? frame.slice(), counted };
  if (kind !== 'reject') return { verdict: 'drop', frame: NOTHING, counted };
  const answer = answerTo(frame, packet);
  if (answer !== null) return { verdict: 'answer', frame: answer, counted };
  return { verdict: 'drop', frame: NOTHING, counted: [...counted, once('UNANSWERED', frame)] };
}

/** Of which pod is told: null where nobody is, of what comes back to it. */
function tellerOf(lookup: Lookup, program: ProgramName, packet: Packet): string | null {
  if (program === 'egress') return packet.src;
  return program === 'pod' ? lookup.interfacePod(RUN_IFINDEX) : null;
}

function once(reason: ReasonName, { length }: Uint8Array): Counted {
  return { reason, packets: 1, bytes: length };
}
