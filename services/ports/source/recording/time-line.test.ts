/** A recording's lines in one sequence, each with its time. */
import { describe, expect, test } from 'vitest';
import { lineTime } from './line-time.ts';
import { type FileLines, type TimedLine, timeLine } from './time-line.ts';

const at = (second: number) => new Date(Date.UTC(2026, 10, 24, 3, 0, second)).toISOString();
const event = (type: string, second: number, rest: Readonly<Record<string, unknown>> = {}) =>
  JSON.stringify({ type, object: { metadata: { creationTimestamp: at(second), ...rest } } });

const file = (name: string, ...lines: string[]): FileLines => ({
  file: name,
  async *lines() {
    yield* lines.map((text, index) => ({ line: index + 1, text }));
  },
});

async function timed(...files: FileLines[]): Promise<readonly TimedLine[]> {
  return Array.fromAsync(timeLine(files));
}

const times = (lines: readonly TimedLine[]) => lines.map(({ atMs }) => atMs);

describe('a time line', () => {
  test('begins with the list, at 0, and goes on in recorded time', async () => {
    const lines = await timed(
      file('pods', event('ADDED', 1), event('ADDED', 3), event('MODIFIED', 5), event('ADDED', 7)),
    );
    expect(times(lines)).toEqual([0, 0, 0, 2000]);
  });

  test('keeps the order of a file, also where its times go back', async () => {
    const lines = await timed(
      file('pods', event('MODIFIED', 5), event('MODIFIED', 9), event('MODIFIED', 6)),
    );
    expect(lines.map(({ line }) => line)).toEqual([1, 2, 3]);
    expect(times(lines)).toEqual([0, 4000, 4500]);
  });

  test('spreads the lines of one second over it', async () => {
    const second = [8, 8, 8, 8].map((s) => event('MODIFIED', s));
    const lines = await timed(file('pods', event('MODIFIED', 5), ...second));
    expect(times(lines)).toEqual([0, 3000, 3250, 3500, 3750]);
  });

  test('merges files by time; of equal times the first file comes first', async () => {
    const lines = await timed(
      file('namespaces', event('ADDED', 1), event('ADDED', 7)),
      file('pods', event('ADDED', 2), event('MODIFIED', 4), event('ADDED', 7), event('ADDED', 9)),
    );
    expect(lines.map(({ file: of, atMs }) => [of, atMs])).toEqual([
      ['namespaces', 0],
      ['pods', 0],
      ['pods', 0],
      ['namespaces', 3000],
      ['pods', 3000],
      ['pods', 5000],
    ]);
  });

  test('takes a line without a time for as old as the one before', async () => {
    const lines = await timed(
      file('pods', event('MODIFIED', 1), event('MODIFIED', 5), 'malformed', event('ADDED', 9)),
    );
    expect(times(lines)).toEqual([0, 4000, 4500, 8000]);
    expect(lines[2]).toMatchObject({ line: 3, text: 'malformed' });
  });

  test('shortens quiet stretches', async () => {
    const lines = await timed(
      file('pods', event('MODIFIED', 0), event('MODIFIED', 3000), event('MODIFIED', 3002)),
    );
    expect(times(lines)).toEqual([0, 10_000, 12_000]);
  });

  test('of a list without anything after it, is all at 0', async () => {
    const lines = await timed(file('pods', event('ADDED', 1), event('ADDED', 50)));
    expect(times(lines)).toEqual([0, 0]);
  });

  test('of nothing is nothing', async () => {
    expect(await timed()).toEqual([]);
    expect(await timed(file('pods'), file('nodes', 'malformed'))).toMatchObject([{ atMs: 0 }]);
  });
});

describe('the time of a line', () => {
  const timeOf = (object: unknown) => lineTime(JSON.stringify({ type: 'MODIFIED', object })).timeMs;

  test('is the newest that its object holds', () => {
    expect(
      timeOf({
        metadata: { creationTimestamp: at(1), managedFields: [{ time: at(4) }, {}] },
        status: {
          startTime: at(2),
          conditions: [{ lastTransitionTime: at(3), lastProbeTime: null }],
          containerStatuses: [{ state: { running: { startedAt: at(5) } } }, {}],
        },
      }),
    ).toBe(Date.parse(at(5)));
  });

  test('is not the deletion that a grace period puts into the future', () => {
    expect(
      timeOf({
        metadata: {
          creationTimestamp: at(1),
          deletionTimestamp: at(40),
          deletionGracePeriodSeconds: 30,
        },
      }),
    ).toBe(Date.parse(at(10)));
  });

  test.each([
    'no json',
    '5',
    '{"type":"BOOKMARK","object":{"metadata":{}}}',
    '{"type":"ADDED","object":{"metadata":{"creationTimestamp":"soon","managedFields":7}}}',
    '{"type":"ADDED"}',
  ])('is not known for %j', (text) => {
    expect(lineTime(text).timeMs).toBeNull();
  });
});
