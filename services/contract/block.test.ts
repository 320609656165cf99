/** The arithmetic of blocks, with the numbers that the documentation gives. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { blockBases, directPorts, isBlockSize, isGeometry, podPortRange } from './block.ts';

describe('blocks of an address', () => {
  test('63 of 1024 ports and 252 of 256 fit on 1024 to 65535', () => {
    expect(blockBases({ portFrom: 1024, portTo: 65535, blockSize: 1024 })).toHaveLength(63);
    expect(blockBases({ portFrom: 1024, portTo: 65535, blockSize: 256 })).toHaveLength(252);
  });

  test('are aligned, inside the range, and do not overlap', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 65535 }),
        fc.integer({ min: 1, max: 65535 }),
        fc.integer({ min: 6, max: 14 }),
        (portFrom, portTo, log2) => {
          const blockSize = 1 << log2;
          const bases = blockBases({ portFrom, portTo, blockSize });
          for (const [index, base] of bases.entries()) {
            expect(base % blockSize).toBe(0);
            expect(base).toBeGreaterThanOrEqual(portFrom);
            expect(base + blockSize - 1).toBeLessThanOrEqual(portTo);
            if (index > 0) expect(base - (bases[index - 1] ?? 0)).toBe(blockSize);
          }
        },
      ),
    );
  });

  test('have a size that is a power of two from 64 to 16384', () => {
    const sizes = Array.from({ length: 20000 }, (_, size) => size).filter(isBlockSize);
    expect(sizes).toEqual([64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384]);
  });

  test('a range that holds no whole block is no geometry', () => {
    expect(isGeometry({ portFrom: 1025, portTo: 2047, blockSize: 1024 })).toBe(false);
    expect(isGeometry({ portFrom: 1024, portTo: 2047, blockSize: 1024 })).toBe(true);
    expect(isGeometry({ portFrom: 1024, portTo: 65536, blockSize: 1024 })).toBe(false);
    expect(isGeometry({ portFrom: 1024, portTo: 65535, blockSize: 1000 })).toBe(false);
  });

  test('give a pod three quarters of their ports as its narrow range', () => {
    expect(directPorts(1024)).toBe(768);
    expect(podPortRange(1024)).toEqual({ from: 32768, to: 33535 });
  });
});
