/**
 * Flows through flexible ports, as fixtures tell them: what a pod sends and receives, and how its
 * packets look outside.
 */
import { expect } from 'vitest';
import {
  checksumOf,
  ICMP,
  icmp,
  ipv4,
  joined,
  quoted,
  tcp,
} from '../../../../../test/packets/frames.ts';
import { parseIp } from '../../../../contract/ip-address.ts';
import { encodePod, GENERATIONS, type PodBerth } from '../../tables/pods.ts';
import type { Bench } from './bench.ts';
import { BASE, BASE_2, DIRECT, DIRECT_2, NAT, NAT_2, POD, PORTS_TARGET, TARGET } from './world.ts';

export const DB = `${TARGET}:5432`;
export const DB_2 = `${TARGET}:5433`;
/** Covered by the berth with 64 flexible ports. */
export const SMALL = `${PORTS_TARGET}:8001`;
export const ROUTER = '172.20.0.1';
export const FLEXIBLE = 256;
export const FLEXIBLE_2 = 64;
export const FIRST = 256;
export const FIRST_2 = 576;
/** All that the tests use. */
export const SLOTS = 1792;
export const PAYLOAD = Uint8Array.from({ length: 33 }, (_, i) => i * 5);
export const TCP_LIMIT = 7440;
export const CLOSING_LIMIT = 240;

/** Of the first berth, and its first slot. */
interface Block extends Pick<PodBerth, 'base' | 'sizeLog2'> {
  readonly first: number;
}
const USUAL: Block = { base: BASE, sizeLog2: 10, first: FIRST };
/** With 1024 flexible ports, four times what is looked through for a flow. */
export const LARGE: Block = { base: 4096, sizeLog2: 12, first: 1024 };

export let generation = 0;

/** The pod's entry as it would be when its berths were new: on slots of another generation. */
export function regrant({ tables }: Bench, block: Block = USUAL): void {
  generation = (generation + 1) % GENERATIONS;
  const slots = { first: block.first, generation };
  const { base, sizeLog2 } = block;
  const first = { natAddress: parseIp(NAT), base, sizeLog2, mapped: true, policySet: 2, slots };
  const second = { ...first, natAddress: parseIp(NAT_2), base: BASE_2, sizeLog2: 8, policySet: 3 };
  const berths = [first, { ...second, slots: { first: FIRST_2, generation } }];
  tables.put('pods', [encodePod({ ip: parseIp(POD), selected: true, berths })]);
}

export const outside = (port: number, place = 0) => BASE + DIRECT + ((port + place) % FLEXIBLE);
export const elementOf = (port: number, place = 0) => FIRST + ((port + place) % FLEXIBLE);
export const outsideSmall = (port: number) => BASE_2 + DIRECT_2 + (port % FLEXIBLE_2);

export function goesOut(bench: Bench, frame: Uint8Array, becomes: Uint8Array): void {
  expect(bench.run('egress', frame)).toEqual({
    verdict: 'next',
    frame: becomes,
    counted: ['TRANSLATED'],
  });
}

export function comesBack(bench: Bench, frame: Uint8Array, becomes: Uint8Array): void {
  expect(bench.run('return', frame)).toEqual({
    verdict: 'next',
    frame: becomes,
    counted: ['RETURNED'],
  });
}

export function reasonOf(bench: Bench, program: 'egress' | 'return', frame: Uint8Array): string {
  return bench.run(program, frame).counted.join();
}

/** A segment of the pod from its port to the target, and as it is outside. */
export function sends(bench: Bench, flags: string, port: number, to = DB, place = 0): void {
  goesOut(
    bench,
    tcp({ from: `${POD}:${port}`, to, flags, payload: PAYLOAD }),
    tcp({ from: `${NAT}:${outside(port, place)}`, to, flags, payload: PAYLOAD }),
  );
}

export function receives(bench: Bench, flags: string, port: number, from = DB): void {
  comesBack(
    bench,
    tcp({ from, to: `${NAT}:${outside(port)}`, flags, payload: PAYLOAD }),
    tcp({ from, to: `${POD}:${port}`, flags, payload: PAYLOAD }),
  );
}

export function unreachable(from: string, to: string, frame: Uint8Array): Uint8Array {
  return icmp({ from, to, type: 3, code: 3, payload: quoted(frame) });
}

export function echo(type: number, from: string, to: string, id: number): Uint8Array {
  const head = Uint8Array.of(type, 0, 0, 0, id >> 8, id & 0xff, 0, 7);
  const message = joined(head, PAYLOAD);
  const checksum = checksumOf(message);
  message.set([checksum >> 8, checksum & 0xff], 2);
  return ipv4({ from, to }, ICMP, message);
}
