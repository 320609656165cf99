/**
 * Flexible ports: the flows that have one, and how a flow gets its own. One word a slot serves both
 * directions; the head of bpf/lib/slots.h says what it holds and how it changes. Here a word is
 * taken apart, changed and put together again, and nobody else writes meanwhile.
 */
import { u32 } from './wire.ts';

export type SlotProtocol = 'TCP' | 'UDP' | 'ICMP';
/** What a packet does to its flow: RST counts before SYN, SYN before FIN. */
export type SlotEvent = 'plain' | 'opens' | 'ends' | 'resets';

export interface SlotStore {
  word(element: number): bigint;
  setWord(element: number, word: bigint): void;
  /** Of a clock that never goes back. */
  nowNs(): bigint;
}

/** The slots of one berth. */
export interface Slots {
  readonly first: number;
  readonly count: number;
  readonly generation: number;
}

export interface Flow {
  readonly protocol: SlotProtocol;
  /** The pod's port, or the id of its echo. */
  readonly port: number;
  readonly remote: Remote;
  readonly event: SlotEvent;
}

export interface Remote {
  /** 16 bytes as hex digits. */
  readonly ip: string;
  readonly port: number;
}

interface Slot {
  readonly port: number;
  readonly remote: number;
  readonly protocol: SlotProtocol;
  readonly established: boolean;
  readonly finOut: boolean;
  readonly finIn: boolean;
  readonly reset: boolean;
  readonly shared: boolean;
  readonly generation: number;
  readonly seen: number;
}

const PROTOCOLS = [null, 'TCP', 'UDP', 'ICMP'] as const;
const WINDOW = 256;
const SEEN_MODULUS = 2 ** 20;
const SEEN_UNIT_LOG2 = 30n;
/** In units of time, as `seen` is. */
const LIMITS = { ICMP: 60, UDP: 300, established: 7440, transitory: 240 };
const NO_BITS = { established: false, finOut: false, finIn: false, reset: false, shared: false };

/** The number of the slot that is the flow's now; or why it has none. */
export function slotOut(store: SlotStore, slots: Slots, flow: Flow): number | 'none' | 'full' {
  const now = unitsNow(store);
  const fresh = freshSlot(slots, flow, now);
  const window = windowOf(store, slots, flow);
  const own = window.find(({ slot }) => slot !== null && isOf(slot, slots, flow));
  if (own !== undefined && own.slot !== null) {
    const next = isLiving(own.slot, slots, now) ? nextSlot(own.slot, flow, fresh, now) : fresh;
    if (flow.event === 'resets' && !isLiving(own.slot, slots, now)) return 'none';
    put(store, slots, own.number, next);
    return own.number;
  }
  if (flow.event === 'resets') return 'none';
  const claimed =
    window.find(({ slot }) => slot === null || !isLiving(slot, slots, now)) ??
    // Under pressure: what has been closing for the longest, the first of equals.
    window
      .filter(({ slot }) => slot !== null && isClosing(slot))
      .toSorted((a, b) => ageOf(b.slot, now) - ageOf(a.slot, now))[0];
  if (claimed === undefined) return 'full';
  put(store, slots, claimed.number, fresh);
  return claimed.number;
}

/** The number of a flow's slot, if it has one that lives; null: it has none. Nothing changes. */
export function slotOf(store: SlotStore, slots: Slots, flow: Flow): number | null {
  const own = windowOf(store, slots, flow).find(
    ({ slot }) => slot !== null && isOf(slot, slots, flow),
  );
  if (own === undefined || own.slot === null) return null;
  return isLiving(own.slot, slots, unitsNow(store)) ? own.number : null;
}

/** The pod's port that a slot stands for, seen from `remote`; null: none. */
export function slotIn(
  store: SlotStore,
  slots: Slots,
  number: number,
  { protocol, remote, event }: Omit<Flow, 'port'>,
): number | null {
  const now = unitsNow(store);
  const slot = slotAt(store, slots, number);
  if (slot === null || !isLiving(slot, slots, now) || slot.protocol !== protocol) return null;
  const bit = event === 'resets' ? 'reset' : event === 'ends' ? 'finIn' : null;
  const isItsOwn = !slot.shared && slot.remote === hashOf(remote);
  if (bit !== null && isItsOwn && !slot[bit]) {
    put(store, slots, number, { ...slot, [bit]: true, seen: now });
  }
  return slot.port;
}

/** Where a flow's slot may be, in the order in which it is looked for. */
function windowOf(store: SlotStore, slots: Slots, flow: Flow) {
  return Array.from({ length: Math.min(slots.count, WINDOW) }, (_, place) => {
    const number = (flow.port + place) % slots.count;
    return { number, slot: slotAt(store, slots, number) };
  });
}

function freshSlot(slots: Slots, flow: Flow, now: number): Slot {
  return {
    ...NO_BITS,
    port: flow.port,
    remote: hashOf(flow.remote),
    protocol: flow.protocol,
    established: flow.event !== 'opens',
    finOut: flow.event === 'ends',
    generation: slots.generation,
    seen: now,
  };
}

/** A living slot after a packet of its flow. */
function nextSlot(slot: Slot, flow: Flow, fresh: Slot, now: number): Slot {
  if (slot.shared) return flow.event === 'resets' ? slot : { ...slot, seen: now };
  if (slot.remote !== hashOf(flow.remote)) {
    if (flow.event === 'resets') return slot;
    if (flow.event === 'opens' && isClosing(slot)) return fresh;
    return { ...slot, ...NO_BITS, shared: true, established: true, seen: now };
  }
  switch (flow.event) {
    case 'resets':
      return slot.reset ? slot : { ...slot, reset: true, seen: now };
    case 'opens':
      return hasEnded(slot) ? { ...slot, ...NO_BITS, seen: now } : { ...slot, seen: now };
    case 'ends':
      return { ...slot, established: true, finOut: true, reset: false, seen: now };
    case 'plain':
      return { ...slot, established: true, reset: false, seen: now };
  }
}

function isOf(slot: Slot, slots: Slots, flow: Flow): boolean {
  return (
    slot.protocol === flow.protocol &&
    slot.port === flow.port &&
    slot.generation === slots.generation
  );
}

function hasEnded({ finOut, finIn, reset }: Slot): boolean {
  return finOut || finIn || reset;
}

function isClosing({ shared, reset, finOut, finIn }: Slot): boolean {
  return !shared && (reset || (finOut && finIn));
}

function isLiving(slot: Slot, slots: Slots, now: number): boolean {
  return slot.generation === slots.generation && ageOf(slot, now) < limitOf(slot);
}

function limitOf(slot: Slot): number {
  if (slot.protocol !== 'TCP') return LIMITS[slot.protocol];
  const isOpen = slot.shared || (slot.established && !hasEnded(slot));
  return isOpen ? LIMITS.established : LIMITS.transitory;
}

function ageOf(slot: Slot | null, now: number): number {
  return slot === null ? 0 : (now - slot.seen + SEEN_MODULUS) % SEEN_MODULUS;
}

function unitsNow(store: SlotStore): number {
  return Number((store.nowNs() >> SEEN_UNIT_LOG2) % BigInt(SEEN_MODULUS));
}

function hashOf({ ip, port }: Remote): number {
  const bytes = Buffer.from(ip, 'hex');
  const folded = u32(bytes, 0) ^ u32(bytes, 4) ^ u32(bytes, 8) ^ u32(bytes, 12);
  const mixed = (Math.imul(folded, 0x9e3779b1) + Math.imul(port, 0x85ebca77)) >>> 0;
  return Math.imul(mixed ^ (mixed >>> 15), 0xc2b2ae3d) >>> 16;
}

/** Null: free. */
function slotAt(store: SlotStore, { first }: Slots, number: number): Slot | null {
  const word = store.word(first + number);
  const low = Number(word & 0xffffffffn);
  const high = Number(word >> 32n);
  const protocol = PROTOCOLS[high & 3] ?? null;
  const bit = (at: number): boolean => ((high >>> (at - 32)) & 1) === 1;
  if (protocol === null) return null;
  return {
    port: low & 0xffff,
    remote: low >>> 16,
    protocol,
    established: bit(34),
    finOut: bit(35),
    finIn: bit(36),
    reset: bit(37),
    shared: bit(38),
    generation: (high >>> 8) & 0xf,
    seen: high >>> 12,
  };
}

function put(store: SlotStore, { first }: Slots, number: number, slot: Slot): void {
  const bits = [slot.established, slot.finOut, slot.finIn, slot.reset, slot.shared];
  const flags = bits.reduce((sum, isSet, at) => sum | (isSet ? 4 << at : 0), 0);
  const high = PROTOCOLS.indexOf(slot.protocol) | flags | (slot.generation << 8);
  const low = ((slot.remote << 16) | slot.port) >>> 0;
  const top = (BigInt(slot.seen) << 44n) | (BigInt(high) << 32n);
  store.setWord(first + number, top | BigInt(low));
}
