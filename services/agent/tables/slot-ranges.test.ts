/** Slots of flexible ports: each of one berth alone, found again, and never inherited. */
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { type IpAddress, parseIp } from '../../contract/ip-address.ts';
import { encodePod, type SlotRange, slotCount } from '../../ports/datapath/tables/pods.ts';
import { type Content, keyText } from './content.ts';
import { type BerthPlace, createSlotRanges } from './slot-ranges.ts';

const NAT = parseIp('198.51.100.7');
const IP_A = parseIp('10.1.0.1');
const IP_B = parseIp('10.1.0.2');
const place = (base: number, sizeLog2 = 10): BerthPlace => ({ natAddress: NAT, base, sizeLog2 });

let kernelPods: Content['pods'];
beforeEach(() => {
  kernelPods = new Map();
});

function write(
  ip: IpAddress,
  places: readonly BerthPlace[],
  ranges: readonly (SlotRange | null)[],
) {
  const berths = places.map((berth, i) => {
    const slots = ranges[i] ?? null;
    return { ...berth, mapped: true, policySet: 2, ...(slots === null ? {} : { slots }) };
  });
  const { key, value } = encodePod({ ip, selected: true, berths });
  kernelPods.set(keyText(key), value);
}

test('a berth keeps its range as long as its pod has it', () => {
  const ranges = createSlotRanges(kernelPods);
  const [first] = ranges.assign('a', IP_A, [place(1024)]);
  write(IP_A, [place(1024)], [first ?? null]);
  expect(ranges.assign('a', IP_A, [place(2048), place(1024)])[1]).toEqual(first);
  expect(ranges.assign('a', IP_A, [place(1024)])).toEqual([first]);
});

describe('an agent that starts again', () => {
  test('finds the range of each berth, and gives it to no other', () => {
    const before = createSlotRanges(kernelPods).assign('a', IP_A, [place(1024)]);
    write(IP_A, [place(1024)], before);
    const again = createSlotRanges(kernelPods);
    const [other] = again.assign('b', IP_B, [place(2048)]);
    expect(other?.first).not.toBe(before[0]?.first);
    expect(again.assign('a', IP_A, [place(1024)])).toEqual(before);
  });

  test('takes a block that is another one now for a new berth', () => {
    const before = createSlotRanges(kernelPods).assign('a', IP_A, [place(1024)]);
    write(IP_A, [place(1024)], before);
    const [after] = createSlotRanges(kernelPods).assign('a', IP_A, [place(2048)]);
    expect(after?.first).not.toBe(before[0]?.first);
  });
});

test('another pod with the same address and block inherits nothing', () => {
  const ranges = createSlotRanges(kernelPods);
  const before = ranges.assign('a', IP_A, [place(1024)]);
  write(IP_A, [place(1024)], before);
  ranges.assign('a', null, []);
  const after = ranges.assign('b', IP_A, [place(1024)]);
  expect(after[0]?.first).not.toBe(before[0]?.first);
});

test('what is used again is of another generation', () => {
  const ranges = createSlotRanges(kernelPods);
  const last = new Map<number, number>();
  const big = place(0, 14);
  for (let i = 0; i < 1000; i++) {
    const [range] = ranges.assign(`pod-${i}`, IP_A, [big]);
    if (range === undefined || range === null) throw new Error('no range');
    expect(last.get(range.first)).not.toBe(range.generation);
    last.set(range.first, range.generation);
    ranges.assign(`pod-${i}`, null, []);
  }
  expect(last.size).toBe(255);
});

test('there is none when all are taken, and one again when one is free', () => {
  const ranges = createSlotRanges(kernelPods);
  const big = place(0, 14);
  for (let i = 0; i < 255; i++) {
    expect(ranges.assign(`pod-${i}`, IP_A, [big])[0]).not.toBeNull();
  }
  expect(ranges.assign('late', IP_B, [big])).toEqual([null]);
  // The smallest block has room where the largest does not.
  expect(ranges.assign('small', IP_B, [place(64, 6)])).not.toEqual([null]);
  ranges.assign('pod-7', null, []);
  expect(ranges.assign('late', IP_B, [big])).not.toEqual([null]);
});

test('no two berths share a slot, whatever happens, the kernel’s lag included', () => {
  const change = fc.record({
    pod: fc.nat({ max: 5 }),
    sizes: fc.array(fc.integer({ min: 6, max: 14 }), { maxLength: 4 }),
    isWritten: fc.boolean(),
  });
  const property = fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
    kernelPods = new Map();
    const ranges = createSlotRanges(kernelPods);
    const owners = new Map<number, ReturnType<typeof spans>>();
    const kernel = new Map<number, ReturnType<typeof spans>>();
    for (const { pod, sizes, isWritten } of changes) {
      const ip = parseIp(`10.1.0.${pod + 1}`);
      const places = sizes.map((size, i) => place(i << 14, size));
      const given = ranges.assign(`${pod}`, ip, places);
      owners.set(pod, spans(places, given));
      if (isWritten) {
        write(ip, places, given);
        kernel.set(pod, spans(places, given));
      }
      for (const [other, theirs] of [...owners, ...kernel]) {
        if (other !== pod) expect(overlaps(owners.get(pod) ?? [], theirs)).toBe(false);
      }
    }
  });
  fc.assert(property, { numRuns: 200 });
});

function spans(places: readonly BerthPlace[], ranges: readonly (SlotRange | null)[]) {
  return ranges.flatMap((range, i) => {
    if (range === null) return [];
    return [{ from: range.first, to: range.first + slotCount(places[i]?.sizeLog2 ?? 0) }];
  });
}

function overlaps(a: ReturnType<typeof spans>, b: ReturnType<typeof spans>): boolean {
  return a.some((one) => b.some((other) => one.from < other.to && other.from < one.to));
}
