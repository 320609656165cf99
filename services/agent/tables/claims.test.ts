/** What shall be in the tables follows from who wants it, in whatever order they said so. */
import { describe, expect, it } from 'vitest';
import { createClaims, type OwnedEntry } from './claims.ts';
import { keyText } from './content.ts';

const KEY = Uint8Array.of(1);
const REF = { table: 'blocks', key: keyText(KEY) } as const;

function entry(value: number, rank = 0, key = KEY): OwnedEntry {
  return { table: 'blocks', key, value: Uint8Array.of(value), rank };
}

describe('claims on entries', () => {
  it('hold an entry until its last owner lets go', () => {
    const claims = createClaims();
    claims.set('a', [entry(1)]);
    claims.set('b', [entry(1)]);
    expect(claims.set('a', [])).toEqual([REF]);
    expect(claims.wanted(REF)).toEqual(Uint8Array.of(1));
    claims.set('b', []);
    expect(claims.wanted(REF)).toBeNull();
    expect(claims.all().blocks.size).toBe(0);
  });

  it.each([
    [
      'the higher rank',
      [
        ['a', 1, 0],
        ['b', 2, 1],
      ],
      2,
    ],
    [
      'the higher rank, said first',
      [
        ['b', 2, 1],
        ['a', 1, 0],
      ],
      2,
    ],
    [
      'among equals the first name',
      [
        ['b', 2, 0],
        ['a', 1, 0],
      ],
      1,
    ],
  ] as const)('give a place that two want to %s', (_, wishes, winner) => {
    const claims = createClaims();
    for (const [owner, value, rank] of wishes) claims.set(owner, [entry(value, rank)]);
    expect(claims.wanted(REF)).toEqual(Uint8Array.of(winner));
  });

  it('name the places that a change of mind touches, old and new', () => {
    const claims = createClaims();
    const other = Uint8Array.of(2);
    claims.set('a', [entry(1)]);
    expect(claims.set('a', [entry(1, 0, other)])).toEqual([
      REF,
      { table: 'blocks', key: keyText(other) },
    ]);
  });
});
