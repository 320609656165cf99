/**
 * The tables of the peer (bpf/test/bench.bpf.c): a policy for each pod and CIDR, and connections in
 * both directions. Keys and values are small enough to be written by hand.
 */
import { resolve } from 'node:path';
import { type BerthObject, type Libberth, libberth } from '../../../native/libberth.ts';
import { cidrParts } from '../../../services/contract/cidr.ts';
import { cidrOf, L, type Population, podIp, TARGET, TARGET_PORT } from './tables.ts';

export interface Peer {
  /** A descriptor. */
  program(symbol: string): number;
  /** How many of them it has, one for each pod and CIDR. */
  readonly policies: number;
  close(): void;
}

const OBJECT = resolve(import.meta.dirname, '../../../build/bpf/test/bench.bpf.o');
const DETAIL_BYTES = 4096;
const POLICY_KEY_BYTES = 12;
const FLOW_KEY_BYTES = 16;
const FLOW_BYTES = 32;
const IP_BYTES = 16;
/** `cidrParts` counts in 128 bits. */
const V4_PREFIX_OFFSET = 96;
const FLOWS_PER_POD = 20;
const TCP = 6;
const AT_ONCE = 10_000;

export function openPeer(pinDir: string, population: Population): Peer {
  const library = libberth();
  const opened: (BerthObject | null)[] = [null];
  const detail = new Uint8Array(DETAIL_BYTES);
  const result = library.objectOpen(OBJECT, pinDir, opened, detail, detail.length);
  const object = opened[0] ?? null;
  if (result !== 0 || object === null) {
    throw new Error(`${OBJECT}: ${result} ${Buffer.from(detail).toString()}`);
  }
  const map = (name: string): number => library.objectMap(object, name);
  fillFlows(library, map('flows'), population);
  return {
    program: (symbol) => library.objectProgram(object, symbol),
    policies: fillPolicies(library, map('pod_policies'), population),
    close: () => library.objectClose(object),
  };
}

function fillPolicies(library: Libberth, map: number, { pods, cidrs }: Population): number {
  const keys = Buffer.alloc(POLICY_KEY_BYTES * pods * cidrs);
  for (let pod = 0; pod < pods; pod++) {
    for (let cidr = 0; cidr < cidrs; cidr++) {
      const at = POLICY_KEY_BYTES * (pod * cidrs + cidr);
      const { address, prefixLength } = cidrParts(cidrOf(cidr));
      keys.writeUInt32LE(32 + prefixLength - V4_PREFIX_OFFSET, at);
      keys.set(ipv4(podIp(pod)), at + 4);
      keys.set(ipv4(address), at + 8);
    }
  }
  return update(library, map, { keys, keyBytes: POLICY_KEY_BYTES, valueBytes: IP_BYTES });
}

/** Some for each pod; first the pod that is measured, which is translated to what it is. */
function fillFlows(library: Libberth, map: number, { podsPerNode }: Population): number {
  const count = podsPerNode * FLOWS_PER_POD;
  const keys = Buffer.alloc(2 * count * FLOW_KEY_BYTES);
  const values = Buffer.alloc(2 * count * FLOW_BYTES);
  const target = ipv4(TARGET);
  for (let number = 0; number < count; number++) {
    const pod = ipv4(podIp(Math.floor(number / FLOWS_PER_POD)));
    const port = L + (number % FLOWS_PER_POD);
    const out = 2 * number;
    keys.set([...pod, ...target], out * FLOW_KEY_BYTES);
    keys.writeUInt16LE(port, out * FLOW_KEY_BYTES + 8);
    keys.writeUInt16LE(TARGET_PORT, out * FLOW_KEY_BYTES + 10);
    keys.set([...target, ...pod], (out + 1) * FLOW_KEY_BYTES);
    keys.writeUInt16LE(TARGET_PORT, (out + 1) * FLOW_KEY_BYTES + 8);
    keys.writeUInt16LE(port, (out + 1) * FLOW_KEY_BYTES + 10);
    for (const at of [out, out + 1]) {
      keys[at * FLOW_KEY_BYTES + 12] = TCP;
      values.set(pod, at * FLOW_BYTES + 12);
      values.writeUInt16LE(port, at * FLOW_BYTES + 16);
    }
  }
  const sizes = { keyBytes: FLOW_KEY_BYTES, valueBytes: FLOW_BYTES };
  return update(library, map, { keys, values, ...sizes });
}

interface Update {
  readonly keys: Buffer;
  readonly keyBytes: number;
  /** Zeros where they do not matter. */
  readonly values?: Buffer;
  readonly valueBytes: number;
}

function update(library: Libberth, map: number, given: Update): number {
  const { keys, keyBytes, values, valueBytes } = given;
  const total = keys.length / keyBytes;
  const zeros = Buffer.alloc(AT_ONCE * valueBytes);
  for (let from = 0; from < total; from += AT_ONCE) {
    const count = Uint32Array.of(Math.min(AT_ONCE, total - from));
    const some = values?.subarray(from * valueBytes) ?? zeros;
    const result = library.mapUpdateBatch(map, keys.subarray(from * keyBytes), some, count);
    if (result < 0) throw new Error(`a table of the peer takes no more: ${result}`);
  }
  return total;
}

function ipv4(text: string): Uint8Array {
  return Uint8Array.from(text.split('.'), Number);
}
