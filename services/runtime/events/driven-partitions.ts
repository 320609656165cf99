/**
 * A function of partitions that reads only when somebody asks (driven-stream.ts). There is no group
 * to share partitions out: the process takes each partition at the first event of it, and keeps it;
 * another one that is sent events of the same partition has it too, which does no harm. An event
 * that says no place is one of every partition. How far each came is committed under the group's
 * name, as natively.
 */
import { berthError } from '../../contract/errors.ts';
import { untilAborted } from '../aborted.ts';
import type { PartitionsHandler, PartitionsTrigger } from '../define-function.ts';
import {
  createGroupProgress,
  type GroupProgress,
  type GroupProgressComponents,
} from '../group-progress.ts';
import { noting } from '../partitions-runner.ts';
import type { DeliveredEvent } from './cloud-event.ts';
import { type DrivenStream, drivenStream } from './driven-stream.ts';
import type { OpenReader } from './pass-reader.ts';

export function drivenPartitions(
  trigger: PartitionsTrigger,
  handler: PartitionsHandler,
  components: GroupProgressComponents,
): DrivenStream {
  const { topic } = trigger;
  const { eventLog } = components;
  const progress = createGroupProgress(trigger, components);
  const ending = new AbortController();
  const { promise: failed, reject: fail } = Promise.withResolvers<never>();
  failed.catch(() => undefined);
  const taken = new Map<number, { stream: DrivenStream; ended: Promise<void> }>();

  function streamOf(partition: number): DrivenStream {
    const known = taken.get(partition);
    if (known !== undefined) return known.stream;
    const open = (signal: AbortSignal) => take(handler, partition, progress, signal);
    const stream = drivenStream({ topic, partitions: [partition], open }, eventLog);
    const ended = stream.run(ending.signal).catch(fail);
    taken.set(partition, { stream, ended });
    handler.assigned([...taken.keys()].toSorted((a, b) => a - b));
    return stream;
  }

  return {
    async deliver(event) {
      await Promise.all(
        partitionsOf(event, eventLog.partitionCount(topic)).map((partition) =>
          streamOf(partition).deliver(event),
        ),
      );
    },
    async run(signal) {
      handler.assigned([]);
      try {
        await Promise.race([untilAborted(signal), failed]);
      } finally {
        ending.abort();
        await Promise.all(Array.from(taken.values(), ({ ended }) => ended));
        await progress.stop();
      }
    },
  };

  /** @throws BERTH_TRIGGER_BEYOND_END where there is no such partition */
  function partitionsOf({ id, place }: DeliveredEvent, count: number): readonly number[] {
    if (place === null) return Array.from({ length: count }, (_, partition) => partition);
    if (place.partition < count) return [place.partition];
    throw berthError('BERTH_TRIGGER_BEYOND_END', { ...place, id, topic, end: 0 });
  }
}

async function take(
  handler: PartitionsHandler,
  partition: number,
  progress: GroupProgress,
  signal: AbortSignal,
): Promise<OpenReader> {
  const reader = noting(await handler.take(partition, signal), (next) => {
    if (!signal.aborted) progress.handled(partition, next);
  });
  return { batch: reader.batch, caughtUp: reader.caughtUp, from: { [partition]: reader.from } };
}
