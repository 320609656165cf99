/** The recording of a real cluster can be played in its own time. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { recordingLines } from './recording-time.ts';

const RECORDING = join(import.meta.dirname, '../../../docs/examples/recording');

test('its 100 seconds of churn come out as such, in order, with every line', async () => {
  const lines = await Array.fromAsync(recordingLines(RECORDING));
  expect(lines).toHaveLength(1784 + 34 + 9);
  const times = lines.map(({ atMs }) => atMs);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(times[0]).toBe(0);
  expect(times.at(-1)).toBeGreaterThan(90_000);
  expect(times.at(-1)).toBeLessThan(110_000);
  for (const name of ['pods', 'nodes', 'namespaces']) {
    const numbers = lines.filter(({ file }) => file.includes(name)).map(({ line }) => line);
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  }
});

test('a recording that is not there is told by its code', async () => {
  const read = Array.fromAsync(recordingLines(join(RECORDING, 'nowhere')));
  await expect(read).rejects.toMatchObject({ code: 'BERTH_INPUT_UNREADABLE' });
});
