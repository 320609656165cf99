/**
 * Kafka's own command-line tools, as an operator has them: a second opinion, and what no client of
 * ours does (records deleted below an offset). Slow, since each is a Java of its own.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { javaArgs } from '../java.ts';

const TOOLS = {
  topics: 'org.apache.kafka.tools.TopicCommand',
  produce: 'org.apache.kafka.tools.ConsoleProducer',
  consume: 'org.apache.kafka.tools.consumer.ConsoleConsumer',
  'delete-records': 'org.apache.kafka.tools.DeleteRecordsCommand',
} as const;
const HEAP_MEGABYTES = 128;
const ENDS_WITHIN_MS = 60_000;

/** What it printed. `input`: for its standard input. Rejects, with what it said, when it fails. */
export function kafkaTool(
  tool: keyof typeof TOOLS,
  bootstrap: string,
  args: readonly string[],
  input = '',
): Promise<string> {
  const all = javaArgs(TOOLS[tool], ['--bootstrap-server', bootstrap, ...args], HEAP_MEGABYTES);
  return new Promise((resolve, reject) => {
    const child = execFile('java', all, { timeout: ENDS_WITHIN_MS }, (error, out, said) => {
      if (error === null) resolve(out);
      else reject(new Error(`${tool}: ${out}${said}`, { cause: error }));
    });
    child.stdin?.end(input);
  });
}

/** Deletes what lies below `offset`, as retention or an operator's hand would. */
export async function deleteRecordsBelow(
  bootstrap: string,
  topic: string,
  partition: number,
  offset: number,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'berth-tools-'));
  try {
    const file = join(folder, 'offsets.json');
    const partitions = [{ topic, partition, offset }];
    await writeFile(file, JSON.stringify({ version: 1, partitions }));
    const out = await kafkaTool('delete-records', bootstrap, ['--offset-json-file', file]);
    // It ends with 0 for a partition that it could not cut.
    if (!out.includes(`low_watermark: ${offset}`)) throw new Error(out);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
