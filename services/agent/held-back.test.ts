/** Why a pod cannot connect is said in the agent's log, and summed up by pod and reason. */
import { describe, expect, it } from 'vitest';
import { parseIp } from '../contract/ip-address.ts';
import type { DatapathEvent } from '../ports/datapath/port.ts';
import type { Log, LogFields } from '../runtime/log.ts';
import { createHeldBack } from './held-back.ts';

const POD_IP = parseIp('10.42.1.2');
const EVENT: DatapathEvent = {
  reason: 'NO_BERTH',
  podIp: POD_IP,
  destination: parseIp('203.0.113.5'),
  destinationPort: 5432,
  protocol: 6,
  seenNs: 1n,
  untold: 0,
};

/** One look at each batch; an Error is what taking fails with. */
async function lookedAt(batches: readonly (readonly DatapathEvent[] | Error)[]) {
  const lines: (LogFields & { level: string; message: string })[] = [];
  const at = (level: string) => (fields: LogFields, message: string) => {
    lines.push({ level, message, ...fields });
  };
  const log: Log = {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: () => log,
  };
  const stop = new AbortController();
  const left = [...batches];
  const held = createHeldBack({
    events: {
      take: () => {
        const batch = left.shift() ?? [];
        if (left.length === 0) stop.abort();
        if (batch instanceof Error) throw batch;
        return [...batch];
      },
      lost: () => 0n,
    },
    podOf: (ip) => (ip === POD_IP ? 'pod-1' : null),
    clock: { nowMs: () => 0, sleep: async () => undefined, after: () => () => undefined },
    log,
  });
  await held.run(stop.signal);
  return { lines, sums: held.sums() };
}

describe('what the kernel held back', () => {
  it('is one line an event, with all that was not told in between', async () => {
    const { lines, sums } = await lookedAt([[EVENT], [{ ...EVENT, untold: 41 }]]);
    const line = {
      level: 'warn',
      message: 'packet held back',
      pod: 'pod-1',
      podIp: '10.42.1.2',
      reason: 'NO_BERTH',
      destination: '203.0.113.5',
      destinationPort: 5432,
      protocol: 'TCP',
    };
    expect(lines).toEqual([
      { ...line, packets: 1 },
      { ...line, packets: 42 },
    ]);
    expect(sums).toEqual([{ pod: 'pod-1', reason: 'NO_BERTH', packets: 43 }]);
  });

  it('is summed up by reason, and under no pod where none has the address', async () => {
    const stranger = { ...EVENT, podIp: parseIp('10.42.1.99') };
    const { lines, sums } = await lookedAt([
      [EVENT, { ...stranger, reason: 'UNKNOWN_POD', protocol: 132 }],
      [{ ...EVENT, reason: 'FLEXIBLE_FULL' }],
    ]);
    expect(lines.map(({ pod, protocol }) => [pod, protocol])).toEqual([
      ['pod-1', 'TCP'],
      [null, 132],
      ['pod-1', 'TCP'],
    ]);
    expect(sums).toEqual([
      { pod: 'pod-1', reason: 'NO_BERTH', packets: 1 },
      { pod: null, reason: 'UNKNOWN_POD', packets: 1 },
      { pod: 'pod-1', reason: 'FLEXIBLE_FULL', packets: 1 },
    ]);
  });

  it('is no warning where the target is only observed', async () => {
    const { lines } = await lookedAt([[{ ...EVENT, reason: 'WOULD_REJECT' }]]);
    expect(lines.map(({ level }) => level)).toEqual(['info']);
  });

  it('is remembered for the pods that were told of last', async () => {
    const many = Array.from({ length: 1100 }, (_, n) => ({ ...EVENT, untold: n }));
    const reasons = many.map((event, n) => ({ ...event, reason: `R${n}` as 'NO_BERTH' }));
    const { sums } = await lookedAt([reasons]);
    expect(sums.length).toBe(1024);
    expect(sums.at(-1)?.reason).toBe('R1099');
  });

  it('is said again after a look that failed', async () => {
    const { lines, sums } = await lookedAt([new Error('no ring'), [EVENT]]);
    expect(lines.map(({ level }) => level)).toEqual(['error', 'warn']);
    expect(sums.length).toBe(1);
  });
});
