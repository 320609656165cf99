/** Samples pair up whichever half is read first; quantiles are ranks, not guesses. */
import { describe, expect, test } from 'vitest';
import { createPropagation, quantilesOf } from './propagation.ts';

describe('propagation', () => {
  test('is measured whichever of the two records is read first', () => {
    const propagation = createPropagation();
    propagation.bound('a', 100);
    propagation.mapped('a', 130);
    propagation.mapped('b', 250);
    propagation.bound('b', 200);
    expect(propagation.quantiles(0)).toEqual({ p50: 30, p99: 50, max: 50, samples: 2 });
  });

  test('counts the first time only', () => {
    const propagation = createPropagation();
    propagation.bound('a', 100);
    propagation.mapped('a', 110);
    propagation.bound('a', 500);
    propagation.mapped('a', 900);
    expect(propagation.quantiles(0)?.max).toBe(10);
  });

  test('is asked for from a moment on: pods bound before it are left out', () => {
    const propagation = createPropagation();
    propagation.bound('a', 100);
    propagation.mapped('a', 900);
    propagation.bound('b', 500);
    propagation.mapped('b', 520);
    expect(propagation.quantiles(500)).toEqual({ p50: 20, p99: 20, max: 20, samples: 1 });
    expect(propagation.quantiles(501)).toBeNull();
  });

  test('of a pod that was never mapped is no sample', () => {
    const propagation = createPropagation();
    propagation.bound('a', 100);
    expect(propagation.quantiles(0)).toBeNull();
  });

  test('quantiles are the smallest sample that at least that share does not exceed', () => {
    const samples = Array.from({ length: 100 }, (_, i) => 100 - i);
    expect(quantilesOf(samples)).toEqual({ p50: 50, p99: 99, max: 100, samples: 100 });
  });
});
