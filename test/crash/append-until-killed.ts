/**
 * Appends to the log in a folder until it is killed, from several lanes at once, and writes a line
 * of JSON for each call that was acknowledged, before the lane goes on. Started with `hold`, it
 * only owns the log. If the log is not to be had, it writes the code of the error and ends.
 */
import { writeSync } from 'node:fs';
import { isBerthError } from '../../services/contract/errors.ts';
import { lmdbEventLog } from '../../services/ports/event-log/lmdb.ts';
import type { Entry, EventLog } from '../../services/ports/event-log/port.ts';
import { systemClock } from '../../services/runtime/clock.ts';

export const APPEND_UNTIL_KILLED = import.meta.filename;

export interface Acknowledged {
  readonly topic: 'berth.events' | 'berth.nodes';
  readonly entries: readonly Entry[];
}

const LANES = 6;
const STDOUT = 1;

const say = (line: unknown): void => {
  writeSync(STDOUT, `${JSON.stringify(line)}\n`);
};

async function appendForEver(log: EventLog, lane: number, round: string): Promise<void> {
  for (let number = 0; ; number += 1) {
    const topic = lane === 0 ? 'berth.nodes' : 'berth.events';
    const size = 1 + ((number * 7 + lane) % 5);
    const call = Array.from({ length: size }, (_, index) => ({
      key: `ns/${lane}-${round}`,
      value: { lane, number, index, size, filling: 'x'.repeat(200 * (number % 4)) },
    }));
    const entries = await log.append(topic, call);
    say({ topic, entries } satisfies Acknowledged);
  }
}

async function main([dir = '', mode = '']: readonly string[]): Promise<void> {
  try {
    const log = await lmdbEventLog({ dir }, { clock: systemClock() });
    if (mode === 'hold') {
      say('open');
      process.stdin.resume();
      return;
    }
    await Promise.all(Array.from({ length: LANES }, (_, lane) => appendForEver(log, lane, mode)));
  } catch (error) {
    say(isBerthError(error) ? error.code : String(error));
  }
}

if (process.argv[1] === import.meta.filename) await main(process.argv.slice(2));
