/** Sharing partitions out, for any group, whatever each member says that it has. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type MemberOwning, shareOut } from './share-out.ts';

const groups = fc
  .record({
    partitions: fc.integer({ min: 0, max: 24 }),
    owned: fc.array(fc.array(fc.integer({ min: -1, max: 30 })), { minLength: 1, maxLength: 8 }),
  })
  .map(({ partitions, owned }) => ({
    partitions,
    members: owned.map((each, index) => ({ memberId: `m${index}`, owned: each })),
  }));

const owning = (shares: ReadonlyMap<string, readonly number[]>): readonly MemberOwning[] =>
  [...shares].map(([memberId, owned]) => ({ memberId, owned }));

test('every partition has one owner, and no member has two more than another', () => {
  fc.assert(
    fc.property(groups, ({ partitions, members }) => {
      const shares = [...shareOut(members, partitions).values()];
      expect(shares.flat().sort((a, b) => a - b)).toEqual([...Array(partitions).keys()]);
      const sizes = shares.map(({ length }) => length);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    }),
  );
});

test('nothing moves where nobody came or went', () => {
  fc.assert(
    fc.property(groups, ({ partitions, members }) => {
      const shares = shareOut(members, partitions);
      expect(shareOut(owning(shares), partitions)).toEqual(shares);
    }),
  );
});

test('only what a member who left had moves to the others', () => {
  fc.assert(
    fc.property(groups, ({ partitions, members }) => {
      const before = owning(shareOut(members, partitions));
      const after = shareOut(before.slice(1), partitions);
      for (const { memberId, owned } of before.slice(1)) {
        expect(after.get(memberId)).toEqual(expect.arrayContaining([...owned]));
      }
    }),
  );
});

test('who comes last gets its share from those who have most', () => {
  const shares = shareOut(
    [
      { memberId: 'a', owned: [0, 1, 2] },
      { memberId: 'b', owned: [3, 4, 5] },
      { memberId: 'c', owned: [] },
    ],
    6,
  );
  expect(shares).toEqual(
    new Map([
      ['a', [0, 1]],
      ['b', [3, 4]],
      ['c', [2, 5]],
    ]),
  );
});
