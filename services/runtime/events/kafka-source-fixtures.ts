/**
 * Plays Knative's KafkaSource for tests: reads a topic from its own committed offsets, and posts
 * each record to a sink as the real one does. That is: binary mode; the record's own CloudEvent
 * attributes, since ours are CloudEvents; the extensions `knativekafkatopic`, `-partition` and
 * `-offset`; one record of a partition at a time, the next only after a 2xx; repeated after 404,
 * 408, 409, 429, 5xx and where nobody listens, with Retry-After; other answers are dead letters.
 */
import { cloudEventOf } from '../../contract/cloud-event.ts';
import type { Topic } from '../../contract/topics.ts';
import type { Entry, EventLog } from '../../ports/event-log/port.ts';
import type { Jobs } from '../../ports/jobs/port.ts';
import { systemClock } from '../clock.ts';

export interface KafkaSourceInit {
  readonly eventLog: EventLog;
  readonly topic: Topic;
  /** Its consumer group. */
  readonly group: string;
  /** Asked before each delivery, and waited for; null: nobody listens now. */
  readonly sink: () => string | null | Promise<string | null>;
  readonly brokerTopic?: string;
}

export interface KafkaSource {
  /** Records that were answered 2xx. */
  readonly delivered: number;
  /** `status code` of what was refused for good. */
  readonly deadLetters: readonly string[];
  stop(): Promise<void>;
}

const RETRIED = new Set([404, 408, 409, 429]);
const RETRY_MS = 20;

/** The headers that the real one sends for this record: its own, and its place. */
export function kafkaSourceHeaders(
  topic: Topic,
  entry: Entry,
  brokerTopic: string = topic,
): Record<string, string> {
  const { key, value, partition, offset, timeMs } = entry;
  const { id, type, source, traceparent } = cloudEventOf(topic, key, value);
  return {
    'ce-specversion': '1.0',
    'ce-id': id,
    'ce-type': type,
    'ce-source': source,
    'ce-time': new Date(timeMs).toISOString(),
    traceparent,
    'ce-knativekafkatopic': brokerTopic,
    'ce-knativekafkapartition': String(partition),
    'ce-knativekafkaoffset': String(offset),
    'content-type': 'application/json',
  };
}

export function startKafkaSource(init: KafkaSourceInit): KafkaSource {
  const { eventLog, topic, group } = init;
  const deadLetters: string[] = [];
  let delivered = 0;
  const stopping = new AbortController();

  async function run(signal: AbortSignal): Promise<void> {
    const from = await eventLog.committed(group, topic);
    for await (const entries of eventLog.read(topic, from, signal)) {
      for (const entry of entries) {
        await deliver(entry, signal);
        if (signal.aborted) return;
        await eventLog.commit(group, topic, { [entry.partition]: entry.offset + 1 });
      }
    }
  }

  async function deliver(entry: Entry, signal: AbortSignal): Promise<void> {
    const headers = kafkaSourceHeaders(topic, entry, init.brokerTopic);
    const body = JSON.stringify(entry.value);
    while (!signal.aborted) {
      const answer = await post(await init.sink(), headers, body, signal);
      if (answer?.ok === true) {
        delivered += 1;
        return;
      }
      if (answer !== null && !isRetried(answer.status)) {
        deadLetters.push(`${answer.status} ${(await answer.text()).split(':', 1)[0]}`);
        return;
      }
      await systemClock().sleep(RETRY_MS, signal);
    }
  }

  const ended = run(stopping.signal);
  return {
    deadLetters,
    get delivered() {
      return delivered;
    },
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}

/** A worker of a queue that has the sink do each job. The answer stops it. */
export function forwardJobs(
  jobs: Jobs,
  queue: string,
  sink: () => string | null,
): () => Promise<void> {
  return jobs.work(
    queue,
    async ({ id, data }, signal) => {
      const headers = {
        'ce-specversion': '1.0',
        'ce-id': id,
        'ce-type': `berth.job.${queue}`,
        'ce-source': '/jobs',
        'content-type': 'application/json',
      };
      const answer = await post(sink(), headers, JSON.stringify(data), signal);
      if (answer?.ok !== true) throw new Error(`not done: ${answer?.status ?? 'nobody listens'}`);
    },
    { backoff: { firstMs: 20, maxMs: 100 } },
  );
}

function isRetried(status: number): boolean {
  return status >= 500 || RETRIED.has(status);
}

async function post(
  url: string | null,
  headers: Record<string, string>,
  body: string,
  signal: AbortSignal,
): Promise<Response | null> {
  if (url === null) return null;
  try {
    return await fetch(url, { method: 'POST', headers, body, signal });
  } catch {
    return null;
  }
}
