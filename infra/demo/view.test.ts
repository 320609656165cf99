/** The live view fits any terminal, says what is so, and shows nothing that moves the cursor. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BerthStatus, Status } from '../../services/console/status.ts';
import { type Frame, oneLine, screen } from './view.ts';

function berth(at: number, namespace = 'shop'): BerthStatus {
  return {
    namespace,
    pod: `checkout-${at}`,
    uid: `u${at}`,
    egressNat: 'checkout',
    node: `n${(at % 3) + 1}`,
    address: '203.0.113.16',
    base: 4096 + at * 1024,
    blockSize: 1024,
  };
}

function status(berths: readonly BerthStatus[] = []): Status {
  return {
    version: { 0: 12 },
    pods: { present: 24, selected: 24, mapped: 24, exhausted: 0, hostNetwork: 0 },
    egressNats: [],
    policyChanges: 1,
    resting: 0,
    rests: [],
    fences: [],
    berths,
    acks: [{ node: 'n1', bootId: 'b', version: { 0: 12, 3: 99 }, checksum: '0', readBackAtMs: 1 }],
    propagationMs: { p50: 4, p99: 20, max: 30, samples: 24 },
    recordsSent: 10,
    adapters: { eventLog: 'lmdb', jobs: 'local', source: 'manifests' },
    links: ['n10', 'n2', 'n1'].map((node) => ({ node, connected: true, inSync: node !== 'n2' })),
    converged: true,
    pushes: [],
    targets: [],
    problems: [],
    problemCount: 0,
    processes: [],
  };
}

function frame(changes: Partial<Frame> = {}): Frame {
  return {
    elapsedSeconds: 12,
    totalSeconds: 60,
    status: status(Array.from({ length: 24 }, (_, at) => berth(at, at < 12 ? 'shop' : 'pay'))),
    pods: { created: 30, deleted: 6, live: 24 },
    connections: { attempted: 90, established: 89, broken: 0 },
    leakedPackets: 0,
    sources: ['203.0.113.16'],
    gateways: [
      { name: 'gw1', owned: 2 },
      { name: 'gw2', owned: 2 },
    ],
    refused: { count: 0, some: [] },
    processes: [],
    news: Array.from({ length: 9 }, (_, at) => `  ${at} s  something happened`),
    ...changes,
  };
}

const WIDE = { rows: 40, columns: 100 };

describe('a screen', () => {
  test('never has more lines than rows but one, nor a line wider than the terminal', () => {
    const sizes = fc.record({
      rows: fc.integer({ min: 2, max: 60 }),
      columns: fc.integer({ min: 10, max: 200 }),
    });
    const frames = fc.record({
      berths: fc.integer({ min: 0, max: 80 }),
      news: fc.array(fc.string({ maxLength: 300 }), { maxLength: 10 }),
      isDown: fc.boolean(),
      sources: fc.integer({ min: 0, max: 40 }),
    });
    fc.assert(
      fc.property(sizes, frames, (size, { berths, news, isDown, sources }) => {
        const shown = frame({
          status: isDown ? null : status(Array.from({ length: berths }, (_, at) => berth(at))),
          news,
          sources: Array.from({ length: sources }, (_, at) => `203.0.113.${at}`),
        });
        const lines = screen(shown, size, false);
        expect(lines.length).toBeLessThanOrEqual(size.rows - 1);
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(size.columns);
        expect(lines.join('')).not.toMatch(/\p{Cc}/u);
        const [bare = '', painted = ''] = [false, true].map((colours) =>
          screen(shown, size, colours).join('\n'),
        );
        expect(painted.replace(/\p{Cc}\[\d+m/gu, '')).toBe(bare);
      }),
      { numRuns: 200 },
    );
  });

  test('shows every berth where there is room, nodes in the order of their names', () => {
    const text = screen(frame(), { rows: 60, columns: 100 }, false).join('\n');
    expect(text.match(/checkout-\d+ /g)).toHaveLength(24);
    expect(text.match(/^ {2}n\d+/gm)?.slice(0, 3)).toEqual(['  n1', '  n2', '  n10']);
    expect(text).toMatch(/n2 +behind/);
    expect(text).toContain('0:12 3:99');
  });

  test('of 24 rows shows berths of each namespace, how many more there are, and the news', () => {
    const lines = screen(frame(), { rows: 24, columns: 80 }, false);
    const text = lines.join('\n');
    expect(text).toMatch(/ {2}shop\/checkout-11 /);
    expect(text).toMatch(/ {2}pay\/checkout-23 /);
    const shown = text.match(/checkout-\d+ /g)?.length ?? 0;
    expect(text).toContain(`and ${24 - shown} more`);
    expect(lines.at(-1)).toContain('8 s  something happened');
    expect(lines.length).toBe(23);
  });

  test('of hardly any rows still has what counts, and the latest news', () => {
    const lines = screen(frame(), { rows: 8, columns: 60 }, false);
    expect(lines[0]).toContain('Berth  12 s');
    expect(lines.join('\n')).toContain('leaked       0 packets');
    expect(lines.at(-1)).toContain('8 s  something happened');
    expect(lines).not.toContain('');
  });

  test('names each gateway with what it answers for, also one that does not say', () => {
    const gateways = [
      { name: 'gw1', owned: 4 },
      { name: 'gw2', owned: null },
    ];
    const text = screen(frame({ gateways }), WIDE, false).join('\n');
    expect(text).toContain('gateways     gw1: 4 addresses, gw2: no answer');
  });

  test('names the processes above the agents where they are many, those that are down too', () => {
    const named = [
      'watcher',
      'mapper-1',
      'mapper-2',
      'courier',
      'janitor',
      'hub-1',
      'hub-2',
      'console',
    ];
    const processes = [...named, 'kafka', 'redis'].map((name, at) => ({
      name,
      state: name === 'mapper-2' ? ('paused' as const) : ('runs' as const),
      pid: 48_101 + at,
    }));
    processes[5] = { name: 'hub-1', state: 'down' as never, pid: null as never };
    const lines = screen(frame({ processes }), { rows: 24, columns: 80 }, false);
    const at = lines.findIndex((line) => line.startsWith('  processes'));
    expect(lines.slice(at, at + 3)).toEqual([
      '  processes    watcher 48101, mapper 48102 paused, courier 48104, janitor 48105',
      '               hub down 48107, console 48108, kafka 48109, redis 48110',
      '',
    ]);
    expect(lines.at(-1)).toContain('8 s  something happened');
    expect(screen(frame({ processes, status: null }), WIDE, false)[0]).toContain('no console');
  });

  test('names of any length do not move the columns', () => {
    const node = 'ip-10-0-0-1.eu-central-1.compute.internal';
    const long = { ...berth(1), pod: 'x'.repeat(200), node };
    const lines = screen(frame({ status: status([long, berth(2)]) }), WIDE, false);
    const rows = lines.filter((line) => line.includes('203.0.113.16 '));
    expect(new Set(rows.map((line) => line.indexOf('203.0.113.16'))).size).toBe(1);
    expect(rows).toHaveLength(2);
  });

  test('says when the control process is down, and what was refused', () => {
    const down = screen(frame({ status: null }), WIDE, false).join('\n');
    expect(down).toContain('control process down: nodes forward on');
    const refused = {
      count: 3,
      some: ['a:1: first', 'pods.ndjson:7: BERTH_INPUT_SYNTAX \u001b[2J'],
    };
    const text = screen(frame({ refused }), WIDE, false).join('\n');
    expect(text).toContain('refused      3: pods.ndjson:7: BERTH_INPUT_SYNTAX ?[2J');
  });

  test('has styles only where there are colours', () => {
    const broken = { attempted: 5, established: 5, broken: 1 };
    const lines = screen(frame({ connections: broken }), WIDE, true);
    expect(lines.join('\n')).toContain('\u001b[31m1 broken\u001b[0m');
  });
});

test('a line for a pipe holds the counts', () => {
  expect(oneLine(frame())).toBe(' 12 s  24 pods  24 mapped  89 connections, 0 broken  0 leaked');
});
