/**
 * What an HTTP request delivers: CloudEvents 1.0 in binary, structured or batched mode, decoded by
 * the CloudEvents SDK, and the place in a log that each of them names, if any. Knative's
 * KafkaSource sends a record that is a CloudEvent as it is, in binary mode, with three extensions:
 * topic, partition and offset. One that is none it wraps, and names the place in id and source.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { CloudEventV1 } from 'cloudevents';
import { berthError } from '../../contract/errors.ts';

export interface DeliveredEvent {
  readonly id: string;
  readonly type: string;
  readonly data: unknown;
  /** Null: nothing is said of a topic. It is the broker's name of it. */
  readonly topic: string | null;
  /** Null: it could be anywhere. */
  readonly place: { readonly partition: number; readonly offset: number } | null;
}

/** A batch of events in one request. */
const EVENTS_MAX = 1000;
/** Of what KafkaSource makes of a record that is no CloudEvent. */
const WRAPPED_TYPE = 'dev.knative.kafka.event';
const WRAPPED_ID = /^partition:(\d+)\/offset:(\d+)$/;

export type DecodeEvents = (headers: IncomingHttpHeaders, body: string) => DeliveredEvent[];

/** The SDK takes 13 MB of memory, so it is loaded where events are received, and nowhere else. */
export async function eventDecoder(): Promise<DecodeEvents> {
  const { CloudEvent, HTTP } = await import('cloudevents');
  return (headers, body) => {
    try {
      const decoded = HTTP.toEvent<unknown>({ headers: withPlainType(headers), body });
      const events = Array.isArray(decoded) ? decoded : [decoded];
      if (events.length === 0) throw new Error('a batch of no event');
      if (events.length > EVENTS_MAX) throw new Error(`a batch of more than ${EVENTS_MAX} events`);
      return events.map((event) => {
        if (event.specversion !== '1.0') throw new Error(`specversion ${event.specversion}`);
        new CloudEvent(event).validate();
        return delivered(event);
      });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw berthError('BERTH_TRIGGER_BAD_EVENT', { reason }, error);
    }
  };
}

/** The SDK knows content types without parameters only. */
function withPlainType(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const type = headers['content-type'];
  if (type === undefined) return headers;
  return { ...headers, 'content-type': type.split(';', 1)[0]?.trim().toLowerCase() };
}

function delivered(event: CloudEventV1<unknown>): DeliveredEvent {
  const { id, type, data, source } = event;
  const topic = event['knativekafkatopic'];
  const [partition, offset] = [event['knativekafkapartition'], event['knativekafkaoffset']];
  const named = place(partition, offset);
  if (named !== null || typeof topic === 'string') {
    return { id, type, data, topic: typeof topic === 'string' ? topic : null, place: named };
  }
  const wrapped = type === WRAPPED_TYPE ? WRAPPED_ID.exec(id) : null;
  if (wrapped === null) return { id, type, data, topic: null, place: null };
  const topicOfSource = source.split('#', 2)[1] ?? null;
  return { id, type, data, topic: topicOfSource, place: place(wrapped[1], wrapped[2]) };
}

function place(partition: unknown, offset: unknown): DeliveredEvent['place'] {
  const [at, number] = [natural(partition), natural(offset)];
  return at === null || number === null ? null : { partition: at, offset: number };
}

/** Header values are text, those of a structured event may be numbers. */
function natural(value: unknown): number | null {
  if (typeof value !== 'number' && typeof value !== 'string') return null;
  if (value === '') return null;
  const number = Number(value);
  return Number.isSafeInteger(number) && number >= 0 ? number : null;
}
