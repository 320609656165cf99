/** When a term is open, and when it is lost. */
import { describe, expect, test } from 'vitest';
import { namespaceKey, POOLS } from '../contract/identity.ts';
import { createTerm } from './term.ts';

const SHOP = namespaceKey('shop');

describe('a term', () => {
  test('is open where its record was read back', () => {
    const term = createTerm('mine');
    expect(term.opening(SHOP)).toMatchObject({
      aggregate: SHOP,
      source: { by: 'mine', number: 0 },
      body: { type: 'WatchStarted', term: 'mine' },
    });
    expect(term.isOpen(SHOP)).toBe(false);
    term.read(SHOP, 'mine', null);
    expect([term.isOpen(SHOP), term.isOpen(POOLS)]).toEqual([true, false]);
  });

  test('numbers its observations from 1, in each aggregate for itself', () => {
    const term = createTerm('mine');
    for (const key of [SHOP, POOLS]) term.read(key, 'mine', null);
    const number = (key: typeof SHOP) =>
      term.observation(key, { type: 'TargetGone' }).source?.number;
    expect([number(SHOP), number(SHOP), number(POOLS)]).toEqual([1, 2, 1]);
  });

  test('is lost to another that is opened after it, where it is open', () => {
    const term = createTerm('mine');
    term.read(SHOP, 'other', null);
    term.read(SHOP, 'mine', 'other');
    term.read(POOLS, 'other', null);
    expect(term.isLost()).toBe(false);
    term.read(SHOP, 'other', 'mine');
    expect(term.isLost()).toBe(true);
  });

  test('is lost where its list is older than another term', () => {
    const term = createTerm('mine');
    term.listing();
    term.read(SHOP, 'mine', null);
    expect(term.isLost()).toBe(false);
    term.read(POOLS, 'mine', 'other');
    expect(term.isLost()).toBe(true);
  });

  test('is lost to another that is opened anywhere while it lists', () => {
    const term = createTerm('mine');
    term.read(POOLS, 'mine', null);
    term.read(SHOP, 'other', null);
    expect(term.isLost()).toBe(false);
    term.listing();
    // What the other saw there may be gone before this list names it.
    term.read(SHOP, 'other', null);
    expect(term.isLost()).toBe(true);
  });

  test('is not lost to the repeat of its own record', () => {
    const term = createTerm('mine');
    term.read(SHOP, 'mine', null);
    term.listing();
    term.read(SHOP, 'mine', 'mine');
    expect(term.isLost()).toBe(false);
  });
});
