/**
 * What is timed: a program, a frame, and what shall come of it. A step that leaves its frame as it
 * was is run a hundred thousand times in one call; one that turns it into an answer only once a
 * call.
 */

import type { ProgramName } from '../../../services/ports/datapath/port.ts';
import { arp, tcp, udp } from '../../packets/frames.ts';
import { ELSEWHERE, HOST, L, OWN_MAC, POD, REMOTE_NAT, TARGET, TARGET_PORT } from './tables.ts';

export interface Step {
  readonly what: string;
  readonly program: ProgramName;
  readonly on: 'node' | 'gateway';
  readonly frame: Uint8Array;
  /** The program's answer. */
  readonly verdict: number;
  readonly repeats: boolean;
  /** As a multiple of an empty program. */
  readonly goal?: number;
  /** The peer's program for the same step. */
  readonly peer?: string;
}

export const TCX_NEXT = 0xffffffff;
export const XDP_PASS = 2;
const TC_ACT_REDIRECT = 7;
const XDP_TX = 3;
const MACS = { source: '02:00:00:00:00:0a', destination: OWN_MAC };
const BROADCAST = 'ff:ff:ff:ff:ff:ff';
const NOWHERE = '00:00:00:00:00:00';
const pod = `${POD}:${L}`;
const target = `${TARGET}:${TARGET_PORT}`;
const payload = new Uint8Array(64);
/** Below the pod's range. */
const outside = `${POD}:${L - 1}`;

export const STEPS: readonly Step[] = [
  {
    what: 'egress, translated',
    program: 'egress',
    on: 'node',
    frame: tcp({ from: pod, to: target, flags: 'A', payload, macs: MACS }),
    verdict: TCX_NEXT,
    repeats: true,
    goal: 6,
    peer: 'bench_peer_egress',
  },
  {
    what: 'egress, a pod to elsewhere',
    program: 'egress',
    on: 'node',
    frame: tcp({ from: pod, to: `${ELSEWHERE}:443`, flags: 'A', payload, macs: MACS }),
    verdict: TCX_NEXT,
    repeats: true,
  },
  {
    what: 'egress, the node itself',
    program: 'egress',
    on: 'node',
    frame: tcp({ from: `${HOST}:40000`, to: target, flags: 'A', payload, macs: MACS }),
    verdict: TCX_NEXT,
    repeats: true,
  },
  {
    what: 'return, translated',
    program: 'return',
    on: 'node',
    frame: tcp({ from: target, to: pod, flags: 'A', payload, macs: MACS }),
    verdict: TCX_NEXT,
    repeats: true,
    goal: 7,
    peer: 'bench_peer_return',
  },
  {
    what: 'return, not for a NAT address',
    program: 'return',
    on: 'node',
    frame: tcp({ from: target, to: `${HOST}:40000`, flags: 'A', payload, macs: MACS }),
    verdict: TCX_NEXT,
    repeats: true,
  },
  {
    what: 'pod guard, the pod itself',
    program: 'pod',
    on: 'node',
    frame: tcp({ from: pod, to: target, flags: 'A', payload, macs: MACS }),
    verdict: TCX_NEXT,
    repeats: true,
  },
  {
    what: 'steer, to the node of the block',
    program: 'steer',
    on: 'gateway',
    frame: tcp({ from: target, to: `${REMOTE_NAT}:2050`, flags: 'A', payload, macs: MACS }),
    verdict: XDP_TX,
    repeats: true,
    goal: 3,
  },
  {
    what: 'steer, ARP answered',
    program: 'steer',
    on: 'gateway',
    frame: arp({
      operation: 'request',
      sender: { mac: MACS.source, ip: TARGET },
      target: { mac: NOWHERE, ip: REMOTE_NAT },
      macs: { source: MACS.source, destination: BROADCAST },
    }),
    verdict: XDP_TX,
    repeats: false,
  },
  {
    what: 'egress, rejected by RST',
    program: 'egress',
    on: 'node',
    frame: tcp({ from: outside, to: target, flags: 'S', macs: MACS }),
    verdict: TC_ACT_REDIRECT,
    repeats: false,
  },
  {
    what: 'egress, rejected by ICMP',
    program: 'egress',
    on: 'node',
    frame: udp({ from: outside, to: target, payload, macs: MACS }),
    verdict: TC_ACT_REDIRECT,
    repeats: false,
  },
];
