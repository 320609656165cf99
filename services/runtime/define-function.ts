/**
 * A worker is a function with a declared trigger; the runtime binds triggers to adapters. The
 * same functions run in one process (`berth up`) or each in its own; nothing in them knows which.
 */
import type { Topic } from '../contract/topics.ts';
import type { Entry, Offsets } from '../ports/event-log/port.ts';
import type { JobHandler, WorkOptions } from '../ports/jobs/port.ts';

/** Reads a topic from where `from` says (asked once at start), then live. */
export interface StreamTrigger {
  readonly kind: 'stream';
  readonly topic: Topic;
  readonly from: () => Promise<Offsets>;
}

export interface StreamHandler {
  /** In order within each key; the next batch waits until this one is done. */
  batch(entries: readonly Entry[], signal: AbortSignal): Promise<void>;
  /** Once, when everything that was in the topic at the start has been handled. */
  caughtUp(signal: AbortSignal): Promise<void>;
}

/** Reads those partitions of a topic that are this process's, as the group shares them out. */
export interface PartitionsTrigger {
  readonly kind: 'partitions';
  readonly topic: Topic;
  readonly group: string;
}

export interface PartitionsHandler {
  /** All that are this process's from now on; `take` follows for those that are new. */
  assigned(partitions: readonly number[]): void;
  /** How this one is read, until it is taken away: then `signal` is aborted. */
  take(partition: number, signal: AbortSignal): Promise<PartitionReader>;
}

export interface PartitionReader extends StreamHandler {
  /** The offset to begin at. */
  readonly from: number;
}

export interface JobTrigger {
  readonly kind: 'job';
  readonly queue: string;
  readonly options?: WorkOptions;
  /** No job is taken before this has ended: others may be able to do it. */
  readonly ready?: (signal: AbortSignal) => Promise<void>;
}

/** Runs until its signal is aborted: a watch, a server. */
export interface ServiceTrigger {
  readonly kind: 'service';
}

export type Trigger = StreamTrigger | PartitionsTrigger | JobTrigger | ServiceTrigger;

export type ServiceHandler = (signal: AbortSignal) => Promise<void>;

export type BerthFunction =
  | { readonly name: string; readonly trigger: StreamTrigger; readonly handler: StreamHandler }
  | {
      readonly name: string;
      readonly trigger: PartitionsTrigger;
      readonly handler: PartitionsHandler;
    }
  | { readonly name: string; readonly trigger: JobTrigger; readonly handler: JobHandler }
  | { readonly name: string; readonly trigger: ServiceTrigger; readonly handler: ServiceHandler };

type HandlerOf<T extends Trigger> = T extends StreamTrigger
  ? StreamHandler
  : T extends PartitionsTrigger
    ? PartitionsHandler
    : T extends JobTrigger
      ? JobHandler
      : ServiceHandler;

export function stream(topic: Topic, from: () => Promise<Offsets>): StreamTrigger {
  return { kind: 'stream', topic, from };
}

export function partitions(topic: Topic, group: string): PartitionsTrigger {
  return { kind: 'partitions', topic, group };
}

export function job(
  queue: string,
  options: WorkOptions = {},
  ready: JobTrigger['ready'] = async () => undefined,
): JobTrigger {
  return { kind: 'job', queue, options, ready };
}

export function service(): ServiceTrigger {
  return { kind: 'service' };
}

/** Names are unique within a host; they are what logs and metrics call the worker. */
export function defineFunction<T extends Trigger>(definition: {
  readonly name: string;
  readonly trigger: T;
  readonly handler: HandlerOf<T>;
}): BerthFunction {
  // The handler's type follows from the trigger's; the union cannot be inferred from T alone.
  return definition as unknown as BerthFunction;
}
