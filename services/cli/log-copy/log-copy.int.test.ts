/** `berth log copy` as it is called. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { noKafka } from '../../../infra/kafka/java.ts';
import { simulatedLog } from '../../../test/fold/simulated-log.ts';
import { createStory } from '../../../test/fold/story.ts';
import { sharedKafka } from '../../../test/servers/shared-servers.ts';
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

describe.skipIf(noKafka !== null)('berth log copy, on Kafka', () => {
  it('takes an embedded log there, to another count there, and back, all the same', async () => {
    await (await tell()).close();
    const kafka = await sharedKafka();
    const [one, two] = [`copy-${randomUUID()}`, `copy-${randomUUID()}`];
    const ways = [
      ['--from-data', at('old'), '--to-kafka', kafka, '--to-prefix', one],
      ['--from-kafka', kafka, '--from-prefix', one, '--to-kafka', kafka, '--to-prefix', two],
      ['--from-kafka', kafka, '--from-prefix', two, '--to-data', at('back')],
    ];
    const reports = [];
    for (const [index, way] of ways.entries()) {
      const { code, out, said } = await copy(...way, '--partitions', `${6 - index}`, '-o', 'json');
      expect(code, said).toBe(0);
      reports.push(JSON.parse(out));
    }
    expect(reports.map(({ generation }) => generation)).toEqual([1, 2, 3]);
    expect(reports.map(({ partitions }) => partitions.target)).toEqual([6, 5, 4]);
    const hashes = reports.flatMap(({ stateHash }) => Object.values(stateHash));
    expect(new Set(hashes).size).toBe(1);
    expect(new Set(reports.map(({ records }) => JSON.stringify(records))).size).toBe(1);

    const args = ['--from-data', at('old'), '--to-kafka', kafka, '--to-prefix', one];
    const again = await copy(...args, '--partitions', '6');
    expect([again.code, again.said]).toEqual([4, expect.stringContaining('TARGET_NOT_EMPTY')]);
  });
});

if (noKafka !== null) test('Kafka is there', (context) => context.skip(noKafka ?? undefined));
