/**
 * `berth log copy`: moves the log of an installation (copy-log.ts says how). Prints what was
 * copied, and the hash over all states before and after, which agree or the command fails.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { berthError } from '../../contract/errors.ts';
import { kafkaEventLog } from '../../ports/event-log/kafka.ts';
import { lmdbEventLog } from '../../ports/event-log/lmdb.ts';
import type { EventLog } from '../../ports/event-log/port.ts';
import type { KafkaComponents } from '../../ports/kafka/link.ts';
import { readableLog } from '../../runtime/readable-log.ts';
import { kafkaConnection } from '../adapters/kafka-connection.ts';
import { readRulings } from '../roles/rulings.ts';
import { type CopyReport, copyLog } from './copy-log.ts';
import { type LogPlace, parseLogCopy } from './options.ts';

export interface LogCopyComponents extends KafkaComponents {
  readonly output: NodeJS.WritableStream;
}

/** @throws BERTH_CONFIG_BAD, BERTH_COPY_*, BERTH_LOG_* */
export async function logCopy(given: unknown, components: LogCopyComponents): Promise<void> {
  const config = parseLogCopy(given);
  const { from, to, output } = config;
  if (nameOf(from) === nameOf(to)) {
    throw berthError('BERTH_CONFIG_BAD', { field: 'to', reason: 'is where the log is already' });
  }
  refuseNothing(from);
  const rulings = await readRulings(config.rulings);
  const source = readableLog(await open(from, null, components), { rulings });
  try {
    const partitions = config.partitions ?? source.partitionCount('berth.events');
    const target = await open(to, partitions, components);
    try {
      const report = await copyLog({ source, target, from: nameOf(from), place: nameOf(to) });
      components.output.write(output === 'json' ? `${JSON.stringify(report)}\n` : textOf(report));
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

/** Opening it would make one. */
function refuseNothing(from: LogPlace): void {
  if (from.kind === 'kafka' || existsSync(join(from.dir, 'log', 'data.mdb'))) return;
  throw berthError('BERTH_COPY_NO_SOURCE', { place: nameOf(from) });
}

/** `partitions`: null where it has them already. */
async function open(
  place: LogPlace,
  partitions: number | null,
  components: LogCopyComponents,
): Promise<EventLog> {
  const count = partitions === null ? {} : { partitionCount: partitions };
  if (place.kind === 'data') return lmdbEventLog({ dir: resolve(place.dir), ...count }, components);
  const connection = await kafkaConnection(place.kafka);
  return kafkaEventLog({ connection, prefix: place.prefix, ...count }, components);
}

function nameOf(place: LogPlace): string {
  if (place.kind === 'data') return resolve(place.dir);
  return `${place.prefix}.* on Kafka at ${place.kafka.brokers.join(',')}`;
}

function textOf({ generation, records, aggregates, partitions, stateHash }: CopyReport): string {
  return [
    `generation   ${generation}`,
    `partitions   ${partitions.source} -> ${partitions.target}`,
    ...Object.entries(records).map(([topic, count]) => `${topic.padEnd(13)}${count} records`),
    `aggregates   ${aggregates}`,
    `state hash   ${stateHash.source} before`,
    `             ${stateHash.target} after: the same`,
    'The old log is sealed. Start everything on the new one; agents go on by themselves.',
    '',
  ].join('\n');
}
