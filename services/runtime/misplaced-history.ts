/**
 * Refuses a log whose topics were given partitions since its history was written: a key's partition
 * is its hash modulo the count, so most of the old records would lie where nobody looks for them,
 * and every reader would refuse them. A single record of somebody else is no reason.
 */
import { berthError } from '../contract/errors.ts';
import { judgeEvent } from '../contract/frozen/judge-event.ts';
import { TOPICS } from '../contract/topics.ts';
import type { EventLog } from '../ports/event-log/port.ts';

/** Looked at in each partition, from where it begins. */
const SAMPLE_MAX = 100;
/** Strangers: so many at most, or less than that share. */
const STRANGERS_MAX = 3;
const STRANGERS_SHARE = 0.1;

/** @throws BERTH_LOG_TOPIC */
export async function refuseMisplacedHistory(eventLog: EventLog): Promise<void> {
  const topic = TOPICS.events.name;
  const count = eventLog.partitionCount(topic);
  const [starts, ends] = await Promise.all([eventLog.starts(topic), eventLog.ends(topic)]);
  let misplaced = 0;
  let seen = 0;
  for (let partition = 0; partition < count; partition += 1) {
    const start = starts[partition] ?? 0;
    const end = Math.min(ends[partition] ?? 0, start + SAMPLE_MAX);
    if (start >= end) continue;
    const stop = new AbortController();
    for await (const entries of eventLog.read(topic, { [partition]: start }, stop.signal, [
      partition,
    ])) {
      for (const entry of entries) {
        if (entry.refused !== undefined || entry.offset >= end) continue;
        const verdict = judgeEvent(entry, count);
        if (verdict.kind === 'refused' && verdict.because === 'partition') misplaced += 1;
        seen += 1;
      }
      if ((entries.at(-1)?.offset ?? 0) >= end - 1) break;
    }
    stop.abort();
  }
  if (misplaced <= STRANGERS_MAX || misplaced / seen < STRANGERS_SHARE) return;
  const reason = `${misplaced} of ${seen} records lie where nobody looks among ${count} partitions`;
  const remedy = 'Were partitions added? Move the log into topics of another count instead.';
  throw berthError('BERTH_LOG_TOPIC', { topic, reason, remedy });
}
