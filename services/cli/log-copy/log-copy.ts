/**
 * `berth log copy`: moves the log of an installation (copy-log.ts says how). Prints what was
 * copied, and the hash over all states before and after, which agree or the command fails.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { berthError } from '../../contract/errors.ts';
import { lmdbEventLog } from '../../ports/event-log/lmdb.ts';
import type { EventLog } from '../../ports/event-log/port.ts';
import type { Clock } from '../../runtime/clock.ts';
import { type CopyReport, copyLog } from './copy-log.ts';
import { type LogCopyConfig, parseLogCopy } from './options.ts';

export interface LogCopyComponents {
  readonly clock: Clock;
  readonly output: NodeJS.WritableStream;
}

/** @throws BERTH_CONFIG_BAD, BERTH_COPY_*, BERTH_LOG_* */
export async function logCopy(given: unknown, components: LogCopyComponents): Promise<void> {
  const config = parseLogCopy(given);
  const source = await openSource(config, components);
  try {
    const partitions = config.partitions ?? source.partitionCount('berth.events');
    const target = await openTarget(config, partitions, components);
    try {
      const report = await copyLog({ source, target, place: placeOf(config) });
      const text = config.output === 'json' ? `${JSON.stringify(report)}\n` : textOf(report);
      components.output.write(text);
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

async function openSource(
  { from }: LogCopyConfig,
  components: LogCopyComponents,
): Promise<EventLog> {
  const place = resolve(from.dir);
  if (!existsSync(join(place, 'log', 'data.mdb')))
    throw berthError('BERTH_COPY_NO_SOURCE', { place });
  return lmdbEventLog({ dir: place }, components);
}

async function openTarget(
  { to }: LogCopyConfig,
  partitionCount: number,
  components: LogCopyComponents,
): Promise<EventLog> {
  return lmdbEventLog({ dir: resolve(to.dir), partitionCount }, components);
}

function placeOf({ to }: LogCopyConfig): string {
  return resolve(to.dir);
}

function textOf({ generation, records, aggregates, partitions, stateHash }: CopyReport): string {
  return [
    `generation  ${generation}`,
    `partitions  ${partitions.source} -> ${partitions.target}`,
    ...Object.entries(records).map(([topic, count]) => `${topic.padEnd(12)}${count} records`),
    `aggregates  ${aggregates}`,
    `state hash  ${stateHash.source} before`,
    `            ${stateHash.target} after: the same`,
    'The old log is sealed. Start everything on the new one; agents go on by themselves.',
    '',
  ].join('\n');
}
