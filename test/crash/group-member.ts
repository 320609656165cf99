/**
 * Joins the group `mapper` of a log on Kafka and writes a line of JSON, its partitions, at each
 * change, until it is killed or told to end (SIGTERM: it leaves).
 */
import { writeSync } from 'node:fs';
import { kafkaEventLog } from '../../services/ports/event-log/kafka.ts';
import { kafkaComponents } from '../kafka-log.ts';

export const GROUP_MEMBER = import.meta.filename;

const STDOUT = 1;

async function main([bootstrap = '', prefix = '']: readonly string[]): Promise<void> {
  const connection = { brokers: [bootstrap] };
  const log = await kafkaEventLog({ connection, prefix }, kafkaComponents());
  const leaving = new AbortController();
  process.once('SIGTERM', () => leaving.abort());
  for await (const partitions of log.join('mapper', 'berth.events', leaving.signal)) {
    writeSync(STDOUT, `${JSON.stringify(partitions)}\n`);
  }
  await log.close();
}

if (process.argv[1] === import.meta.filename) await main(process.argv.slice(2));
