/** `berth log copy` as it is called. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { simulatedLog } from '../../../test/fold/simulated-log.ts';
import { createStory } from '../../../test/fold/story.ts';
import { type TemporaryFolder, temporaryFolder } from '../../../test/temporary-folder.ts';
import { lmdbEventLog } from '../../ports/event-log/lmdb.ts';
import type { EventLog } from '../../ports/event-log/port.ts';
import { systemClock } from '../../runtime/clock.ts';

const CLI = join(import.meta.dirname, '../main.ts');
const clock = systemClock();

let folder: TemporaryFolder;

beforeEach(async () => {
  folder = await temporaryFolder();
});

afterEach(() => folder.remove());

function copy(...args: readonly string[]): Promise<{ code: number; out: string; said: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, 'log', 'copy', ...args], (error, out, said) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, said });
    });
  });
}

const at = (name: string): string => join(folder.path, name);

async function tell(): Promise<EventLog> {
  const story = createStory(simulatedLog(4));
  story.pool('blue');
  story.target('orders-db');
  story.egressNat('shop', 'checkout');
  story.pod('shop', 'a');
  story.settle();
  const log = await lmdbEventLog({ dir: at('old') }, { clock });
  const entries = story.log.events.map(({ record }) => {
    return { key: record.aggregate, value: { ...record } };
  });
  await log.append('berth.events', entries);
  return log;
}

describe('berth log copy', () => {
  it('says what it copied, and that the states are the same', async () => {
    await (await tell()).close();
    const arguments_ = ['--from-data', at('old'), '--to-data', at('new')];
    const { code, out } = await copy(...arguments_, '--partitions', '8', '-o', 'json');
    expect(code).toBe(0);
    const report = JSON.parse(out);
    expect(report).toMatchObject({ generation: 1, partitions: { source: 4, target: 8 } });
    expect(report.stateHash.target).toBe(report.stateHash.source);
    const moved = await lmdbEventLog({ dir: at('new') }, { clock });
    expect(moved.partitionCount('berth.events')).toBe(8);
    await moved.close();
  });

  it('leaves a log that a process has alone', async () => {
    const log = await tell();
    const { code, said } = await copy('--from-data', at('old'), '--to-data', at('new'));
    expect([code, said]).toEqual([4, expect.stringContaining('BERTH_LOG_IN_USE')]);
    await log.close();
  });

  it('makes no log where there is none', async () => {
    const { code, said } = await copy('--from-data', at('none'), '--to-data', at('new'));
    expect([code, said]).toEqual([3, expect.stringContaining('BERTH_COPY_NO_SOURCE')]);
    expect([existsSync(at('none')), existsSync(at('new'))]).toEqual([false, false]);
  });

  it('wants to be told both ends', async () => {
    const { code, said } = await copy('--from-data', at('old'));
    expect([code, said]).toEqual([2, expect.stringContaining('to-data')]);
  });
});
