/**
 * A stream function that reads only when somebody asks. A delivered event is a hint and nothing
 * else: the function reads on from where it is (at the first one: from where its trigger says) at
 * least to the event's place, or to where the log ended when it was asked, and the answer comes
 * once that was handled. So events that come twice, out of order or never do no harm, and several
 * that wait are answered by one pass. What the handler throws ends the function, as it does with
 * the native reader (stream-runner.ts): its state may be torn. So does what the log throws, unless
 * it may pass: then it is told to who asked, and the next one who asks begins to read anew.
 */
import { berthError } from '../../contract/errors.ts';
import type { Topic } from '../../contract/topics.ts';
import type { EventLog, Offsets } from '../../ports/event-log/port.ts';
import { wakeUp } from '../wake.ts';
import type { DeliveredEvent } from './cloud-event.ts';
import { type PassReaderInit, passReader } from './pass-reader.ts';

export interface DrivenStream {
  /** Answers when the event, and all before it, was handled as the native reader would have. */
  deliver(event: DeliveredEvent): Promise<void>;
  /** Works on what is delivered until the signal is aborted, or ends with what was thrown. */
  run(signal: AbortSignal): Promise<void>;
}

interface Waiting {
  readonly event: DeliveredEvent;
  readonly answer: () => void;
  readonly refuse: (error: unknown) => void;
}

export function drivenStream(init: PassReaderInit, eventLog: EventLog): DrivenStream {
  const reader = passReader(init, eventLog);
  const waiting: Waiting[] = [];
  let ended: unknown = null;
  const wake = wakeUp();

  function deliver(event: DeliveredEvent): Promise<void> {
    if (ended !== null) return Promise.reject(ended);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    waiting.push({ event, answer: resolve, refuse: reject });
    wake.all();
    return promise;
  }

  async function run(signal: AbortSignal): Promise<void> {
    try {
      while (!signal.aborted) {
        if (waiting.length === 0) await wake.next(signal);
        else await pass(waiting.splice(0), signal);
      }
      ended = berthError('BERTH_TRIGGER_STOPPING', {});
    } catch (error) {
      ended = error;
      throw error;
    } finally {
      reader.stop();
      for (const { refuse } of waiting.splice(0)) refuse(ended);
    }
  }

  /** One for all that asked meanwhile. */
  async function pass(asked: readonly Waiting[], signal: AbortSignal): Promise<void> {
    const refuseAll = (error: unknown): void => {
      for (const { refuse } of asked) refuse(error);
    };
    try {
      const outcome = await reader.readFor(
        asked.map(({ event }) => event),
        signal,
      );
      if (signal.aborted) refuseAll(berthError('BERTH_TRIGGER_STOPPING', {}));
      else if ('error' in outcome) refuseAll(outcome.error);
      else for (const each of asked) answer(init.topic, each, outcome.value);
    } catch (error) {
      refuseAll(error);
      throw error;
    }
  }

  return { deliver, run };
}

function answer(topic: Topic, { event, answer, refuse }: Waiting, ends: Offsets): void {
  const { partition, offset } = event.place ?? { partition: 0, offset: -1 };
  const end = ends[partition] ?? 0;
  if (offset < end) answer();
  else refuse(berthError('BERTH_TRIGGER_BEYOND_END', { ...event.place, id: event.id, topic, end }));
}
