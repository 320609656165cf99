/** Who is alive and what counts is read from the order of the log, for any number of machines. */
import { describe, expect, it } from 'vitest';
import { manualClock } from '../../test/simulation/manual-clock.ts';
import { SILENT_BEATS, type StatusWord, statusKey } from '../contract/status-records.ts';
import { createBoard } from './board.ts';
import { liveStatus } from './live-status.ts';

const OWN = { process: 'console', run: 'own' };

function reading() {
  const clock = manualClock();
  const board = createBoard(OWN, clock);
  let timeMs = 1_000_000;
  const say = (process: string, run: string, part: string, word: StatusWord): void => {
    timeMs += 10;
    const value = { process, run, ...word };
    board.entry({ key: statusKey(process, part), timeMs, value });
  };
  const beat = (process: string, run: string, role = 'hub', ended = false): void => {
    say(process, run, 'process', {
      type: 'Process',
      roles: [role],
      release: '0',
      adapters: {},
      sinceMs: null,
      ended,
    });
  };
  return {
    clock,
    board,
    beat,
    own: (times = 1) => {
      for (let time = 0; time < times; time += 1) beat(OWN.process, OWN.run, 'console');
    },
    hub: (process: string, run: string, offset: number) =>
      say(process, run, 'hub', { type: 'Hub', version: { 0: offset } }),
    link: (process: string, run: string, node: string, word: string) =>
      say(process, run, `links/${node}`, {
        type: 'Links',
        links: [
          {
            node,
            connected: word.includes('connected'),
            concerned: !word.includes('other'),
            inSync: word.includes('in sync'),
          },
        ],
      }),
    push: (process: string, run: string, target: string, sinceMs: number | null) =>
      say(process, run, `push/${target}`, {
        type: 'Push',
        target,
        push: sinceMs === null ? null : { code: null, message: null, sinceMs, readBackAtMs: null },
      }),
    refuse: (process: string, run: string, number: number) =>
      say(process, run, `refused-input/${number % 100}`, {
        type: 'RefusedInput',
        number,
        text: `${process} ${number}`,
      }),
    later: (ms: number) => {
      timeMs += ms;
    },
    isLive: (process: string) =>
      board.processes().find((each) => each.process === process)?.isLive ?? null,
    status: (offset = 0) => liveStatus(board, { 0: offset }),
  };
}

/** The console and a hub whose only node is in sync, at offset 7. */
function converged() {
  const read = reading();
  read.own();
  read.beat('a', '1');
  read.link('a', '1', 'n1', 'connected, in sync');
  read.hub('a', '1', 7);
  expect(read.status(7).converged).toBe(true);
  return read;
}

describe('who is alive', () => {
  it('is nobody before the own process has spoken in this run', () => {
    const read = reading();
    read.beat('a', '1');
    read.beat(OWN.process, 'an earlier run', 'console');
    expect(read.board.processes()).toEqual([]);
    read.own();
    expect([read.isLive(OWN.process), read.isLive('a')]).toEqual([true, true]);
  });

  it('is not who spoke long before the console started', () => {
    const read = reading();
    read.beat('a', '1');
    read.later(60_000);
    read.own();
    expect(read.isLive('a')).toBe(false);
    read.beat('a', '1');
    expect(read.isLive('a')).toBe(true);
  });

  it('is not who is silent while the own process goes on speaking', () => {
    const read = converged();
    read.own(SILENT_BEATS - 1);
    expect(read.isLive('a')).toBe(true);
    read.own();
    expect(read.isLive('a')).toBe(false);
    read.beat('a', '1');
    expect(read.isLive('a')).toBe(true);
  });

  it('is still who spoke last when the own process was silent for long', () => {
    const read = converged();
    read.later(3_600_000);
    read.own();
    expect(read.isLive('a')).toBe(true);
  });

  it('is not changed by a clock of the log that jumps back', () => {
    const read = converged();
    read.later(-3_600_000);
    for (let time = 0; time < 10; time += 1) {
      read.own();
      read.beat('a', '1');
    }
    expect(read.isLive('a')).toBe(true);
  });

  it('is not who said that it ended', () => {
    const read = converged();
    read.beat('a', '1', 'hub', true);
    expect(read.isLive('a')).toBe(false);
  });
});

describe('what counts', () => {
  it('is nothing that an earlier run of the same process said', () => {
    const read = converged();
    read.beat('a', '2');
    expect(read.status(7)).toMatchObject({ converged: false, links: [] });
    read.hub('a', '2', 7);
    expect(read.status(7)).toMatchObject({ converged: true, links: [] });
  });

  it('is what compaction left before the word that says whose it is', () => {
    const read = reading();
    read.link('a', '1', 'gone', 'connected');
    read.link('a', '2', 'n1', 'connected, in sync');
    read.hub('a', '2', 7);
    read.beat('a', '2');
    read.own();
    expect(read.status(7).links.map(({ node }) => node)).toEqual(['n1']);
    expect(read.status(7).converged).toBe(true);
  });
});

describe('converged', () => {
  it('is false without a living hub, and when the log gives nothing back', () => {
    const read = reading();
    read.own();
    expect(read.status().converged).toBe(false);
    const other = converged();
    other.clock.set(other.clock.nowMs() + 10_000);
    expect(other.status(7).converged).toBe(false);
    other.own();
    expect(other.status(7).converged).toBe(true);
  });

  it('is false while a living hub is behind what is shown, or has not said how far it is', () => {
    const read = converged();
    expect(read.status(8).converged).toBe(false);
    read.beat('b', '1');
    expect(read.status(7).converged).toBe(false);
    read.hub('b', '1', 6);
    expect(read.status(7).converged).toBe(false);
    read.hub('b', '1', 7);
    expect(read.status(7).converged).toBe(true);
  });

  it('is false while a node concerned is not in sync, or no living hub has its link', () => {
    const read = converged();
    read.link('a', '1', 'n1', 'connected');
    expect(read.status(7).converged).toBe(false);
    read.link('a', '1', 'n1', 'in sync');
    expect(read.status(7)).toMatchObject({ converged: false, links: [{ inSync: false }] });
  });

  it('does not depend on nodes that are not concerned', () => {
    const read = converged();
    read.link('a', '1', 'n2', 'other');
    expect(read.status(7).converged).toBe(true);
  });

  it('takes a node from the hub that has its link, and from both where two say so', () => {
    const read = converged();
    read.beat('b', '1');
    read.hub('b', '1', 7);
    read.link('b', '1', 'n1', '');
    expect(read.status(7)).toMatchObject({ converged: true, links: [{ inSync: true }] });
    read.link('b', '1', 'n1', 'connected');
    expect(read.status(7)).toMatchObject({ converged: false, links: [{ connected: true }] });
    read.link('a', '1', 'n1', '');
    read.link('b', '1', 'n1', 'connected, in sync');
    expect(read.status(7)).toMatchObject({ converged: true, links: [{ inSync: true }] });
  });

  it('is false when the hub that has a link dies, until another has it', () => {
    const read = converged();
    read.beat('b', '1');
    read.link('b', '1', 'n1', '');
    for (let time = 0; time < SILENT_BEATS; time += 1) {
      read.own();
      read.hub('b', '1', 7);
    }
    expect(read.status(7)).toMatchObject({ converged: false, links: [{ connected: false }] });
    read.link('b', '1', 'n1', 'connected, in sync');
    expect(read.status(7).converged).toBe(true);
  });
});

describe('pushes and refused input', () => {
  it('of two couriers the one counts that spoke of the target last', () => {
    const read = reading();
    read.own();
    for (const process of ['a', 'b']) read.beat(process, '1', 'courier');
    read.push('a', '1', 'db', 1);
    read.push('b', '1', 'db', 2);
    read.push('a', '1', 'mq', 3);
    expect(read.status().pushes).toMatchObject([
      { target: 'db', sinceMs: 2 },
      { target: 'mq', sinceMs: 3 },
    ]);
    read.push('a', '1', 'db', null);
    expect(read.status().pushes).toMatchObject([{ target: 'db', sinceMs: 2 }, { target: 'mq' }]);
    read.push('b', '1', 'db', null);
    expect(read.status().pushes).toMatchObject([{ target: 'mq' }]);
  });

  it('names the newest refused input in order, and counts all', () => {
    const read = reading();
    read.own();
    read.beat('w', '1', 'watcher');
    for (let number = 1; number <= 150; number += 1) read.refuse('w', '1', number);
    const { problems, problemCount } = read.status();
    expect([problems.length, problems[0], problems.at(-1)]).toEqual([100, 'w 51', 'w 150']);
    expect(problemCount).toBe(150);
  });
});
