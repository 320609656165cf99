/** What has arrived is taken together, in order, and not more than may be. */
import { describe, expect, test } from 'vitest';
import { type Arrivals, arrivals } from './arrivals.ts';

const NEVER = { max: 100, mustWaitAfter: () => false };

/** Counts how far a source of numbers was read. */
function counting(to: number) {
  const read = { last: 0, ended: false };
  async function* source(): AsyncGenerator<number> {
    try {
      for (let i = 1; i <= to; i++) {
        read.last = i;
        yield i;
      }
    } finally {
      read.ended = true;
    }
  }
  return { read, source: source() };
}

async function all(incoming: Arrivals<number>): Promise<readonly (readonly number[])[]> {
  const batches: (readonly number[])[] = [];
  for (let batch = await incoming.take(); batch !== null; batch = await incoming.take()) {
    batches.push(batch);
  }
  return batches;
}

describe('arrivals', () => {
  test('come all, in order, once', async () => {
    const batches = await all(arrivals(counting(250).source, NEVER));
    expect(batches.flat()).toEqual(Array.from({ length: 250 }, (_, i) => i + 1));
  });

  test('are bounded: a slow reader stops the source', async () => {
    const { source, read } = counting(1000);
    const incoming = arrivals(source, { max: 10, mustWaitAfter: () => false });
    expect((await incoming.take())?.[0]).toBe(1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(read.last).toBeLessThan(30);
    const rest = await all(incoming);
    expect(rest.flat().at(-1)).toBe(1000);
    expect(Math.max(...rest.map((batch) => batch.length))).toBeLessThanOrEqual(10);
  });

  test('end with the one after which the source must wait for its reader', async () => {
    const { source, read } = counting(9);
    const incoming = arrivals(source, { max: 100, mustWaitAfter: (n) => n % 3 === 0 });
    let batch = (await incoming.take()) ?? [];
    while (batch.at(-1) !== 3) batch = (await incoming.take()) ?? [];
    await new Promise((resolve) => setImmediate(resolve));
    expect(read.last).toBe(3);
    expect((await all(incoming)).flat()).toEqual([4, 5, 6, 7, 8, 9]);
  });

  test('give what came before an error, and then the error', async () => {
    async function* failing(): AsyncGenerator<number> {
      yield 1;
      throw new Error('broken');
    }
    const incoming = arrivals(failing(), NEVER);
    expect(await incoming.take()).toEqual([1]);
    await expect(incoming.take()).rejects.toThrow('broken');
    await incoming.close();
  });

  test('closed, let go of a source that waits', async () => {
    const { source, read } = counting(1000);
    const incoming = arrivals(source, { max: 1, mustWaitAfter: () => false });
    await incoming.take();
    await incoming.close();
    await incoming.close();
    expect(read.ended).toBe(true);
    expect(read.last).toBeLessThan(10);
  });
});
