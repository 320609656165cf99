/** Whoever waits for a condition sees it come true, or fail, or its time run out. */
import { describe, expect, it } from 'vitest';
import { createChangeSignal } from './change-signal.ts';
import { createTurns } from './turns.ts';

describe('waiting for a condition', () => {
  it('ends at once where it is so, and otherwise with the change that makes it so', async () => {
    const changes = createChangeSignal();
    const { signal } = new AbortController();
    expect(await changes.until(() => true, signal)).toBe(true);
    let count = 0;
    const waiting = changes.until(() => count === 2, signal);
    for (let i = 0; i < 2; i++) {
      count += 1;
      changes.raise();
    }
    expect(await waiting).toBe(true);
  });

  it('ends with false when its time is over', async () => {
    const stop = new AbortController();
    const waiting = createChangeSignal().until(() => false, stop.signal);
    stop.abort();
    expect(await waiting).toBe(false);
    expect(await createChangeSignal().until(() => false, stop.signal)).toBe(false);
  });

  it('ends with the error of the condition, and leaves others waiting', async () => {
    const changes = createChangeSignal();
    let isBroken = false;
    const broken = changes.until(() => {
      if (isBroken) throw new Error('replaced');
      return false;
    }, new AbortController().signal);
    const other = changes.until(() => isBroken, new AbortController().signal);
    isBroken = true;
    changes.raise();
    await expect(broken).rejects.toThrow('replaced');
    expect(await other).toBe(true);
  });
});

describe('turns', () => {
  it('let nobody in before the one before is done, failed or not', async () => {
    const turns = createTurns();
    const seen: string[] = [];
    const first = turns.take(async () => {
      seen.push('first');
      await Promise.resolve();
      seen.push('first done');
      throw new Error('no');
    });
    const second = turns.take(async () => {
      seen.push('second');
      return 2;
    });
    await expect(first).rejects.toThrow('no');
    expect(await second).toBe(2);
    expect(seen).toEqual(['first', 'first done', 'second']);
  });
});
