/** The pause is the longest run of losses of one probe, after the moment that is asked about. */
import { expect, test } from 'vitest';
import { parseIp } from '../../../services/contract/ip-address.ts';
import { longestPauseMs } from './pause.ts';

const lost = (podUid: string, ...times: number[]) =>
  times.map((sentAtMs) => ({
    podUid,
    to: { address: parseIp('192.0.2.1'), port: 7000 },
    sentAtMs,
  }));

test('it is nothing where nothing was lost', () => {
  expect(longestPauseMs([], 0, 5)).toBe(0);
  expect(longestPauseMs(lost('a', 10, 15), 100, 5)).toBe(0);
});

test('it is the longest run of one probe, up to the next datagram', () => {
  const samples = [...lost('a', 100, 105.2, 110, 300), ...lost('b', 100, 120, 140)];
  expect(longestPauseMs(samples, 0, 5)).toBe(15);
});
