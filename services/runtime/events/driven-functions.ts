/**
 * Functions that are driven by events over HTTP, as a FaaS gateway delivers them, instead of by
 * their own reading: the same functions, each bound to one server. Between deliveries nothing is
 * read, so the process may be stopped, killed or started anew at any time, and loses nothing: each
 * function's place is its own (its checkpoints), the gateway's committed offset is a hint.
 */
import { berthError } from '../../contract/errors.ts';
import type { Topic } from '../../contract/topics.ts';
import type { EventLog } from '../../ports/event-log/port.ts';
import { untilAborted } from '../aborted.ts';
import type { Clock } from '../clock.ts';
import {
  type BerthFunction,
  defineFunction,
  type StreamHandler,
  service,
} from '../define-function.ts';
import type { Log } from '../log.ts';
import type { DeliveredEvent } from './cloud-event.ts';
import { drivenJobs, JOB_TYPE } from './driven-jobs.ts';
import { drivenPartitions } from './driven-partitions.ts';
import { type DrivenStream, drivenStream } from './driven-stream.ts';
import { type EventsServerInit, serveEvents } from './events-server.ts';

export interface DrivenInit extends EventsServerInit {
  /** What the broker calls a topic. @default its own name */
  readonly brokerTopic?: (topic: Topic) => string;
}

export interface DrivenComponents {
  readonly eventLog: EventLog;
  readonly clock: Clock;
  readonly log: Log;
}

/** Of records that are in our topics. */
const OUR_TYPES = 'berth.';

/** Takes an event, or says that it is not concerned. */
type Sink = (event: DeliveredEvent, signal: AbortSignal) => Promise<void> | null;

interface Driven {
  readonly sink: Sink;
  /** What runs while the server does. */
  readonly runs: readonly BerthFunction[];
}

/** @throws BERTH_TRIGGER_SERVICE for a function that no event starts. */
export function drivenFunctions(
  functions: readonly BerthFunction[],
  init: DrivenInit,
  components: DrivenComponents,
): BerthFunction[] {
  const driven = functions.map((definition) => drive(definition, init, components));
  const server = defineFunction({
    name: 'events-http',
    trigger: service(),
    handler: async (signal) => {
      const deliver = (event: DeliveredEvent) => deliverTo(driven, event, signal);
      const { address, close } = await serveEvents(init, deliver, components);
      components.log.info({ address }, 'events are received');
      await untilAborted(signal);
      await close();
    },
  });
  return [...driven.flatMap(({ runs }) => runs), server];
}

function drive(
  definition: BerthFunction,
  { brokerTopic = (topic) => topic }: DrivenInit,
  components: DrivenComponents,
): Driven {
  const { name } = definition;
  const { eventLog, clock } = components;
  if (isStream(definition)) {
    const { trigger, handler } = definition;
    const open = async () => ({ ...bound(handler), from: await trigger.from() });
    const driven = drivenStream({ topic: trigger.topic, open }, eventLog);
    return readerOf(name, brokerTopic(trigger.topic), driven);
  }
  if (isPartitions(definition)) {
    const { trigger, handler } = definition;
    const driven = drivenPartitions(trigger, handler, components);
    return readerOf(name, brokerTopic(trigger.topic), driven);
  }
  if (isJob(definition)) {
    const { trigger, handler } = definition;
    const jobs = drivenJobs(trigger, handler, { clock });
    const type = `${JOB_TYPE}${trigger.queue}`;
    const sink: Sink = (event, signal) =>
      event.type === type ? jobs.deliver(event, signal) : null;
    return { sink, runs: [] };
  }
  throw berthError('BERTH_TRIGGER_SERVICE', { name });
}

function readerOf(name: string, topic: string, { deliver, run }: DrivenStream): Driven {
  return {
    sink: (event) => (concerns(topic, event) ? deliver(event) : null),
    runs: [defineFunction({ name, trigger: service(), handler: run })],
  };
}

function bound(handler: StreamHandler): StreamHandler {
  return {
    batch: (entries, signal) => handler.batch(entries, signal),
    caughtUp: (signal) => handler.caughtUp(signal),
  };
}

/** A gateway that says no topic says at least a place in it, or hands on the record's own type. */
function concerns(topic: string, { topic: named, type, place }: DeliveredEvent): boolean {
  if (type.startsWith(JOB_TYPE)) return false;
  if (named !== null) return named === topic;
  return place !== null || type.startsWith(OUR_TYPES);
}

async function deliverTo(
  driven: readonly Driven[],
  event: DeliveredEvent,
  signal: AbortSignal,
): Promise<void> {
  const taken = driven.flatMap(({ sink }) => sink(event, signal) ?? []);
  if (taken.length === 0) {
    throw berthError('BERTH_TRIGGER_NOT_OURS', { id: event.id, type: event.type });
  }
  await Promise.all(taken);
}

type FunctionOf<Kind extends BerthFunction['trigger']['kind']> = Extract<
  BerthFunction,
  { readonly trigger: { readonly kind: Kind } }
>;

function isStream(definition: BerthFunction): definition is FunctionOf<'stream'> {
  return definition.trigger.kind === 'stream';
}

function isPartitions(definition: BerthFunction): definition is FunctionOf<'partitions'> {
  return definition.trigger.kind === 'partitions';
}

function isJob(definition: BerthFunction): definition is FunctionOf<'job'> {
  return definition.trigger.kind === 'job';
}
