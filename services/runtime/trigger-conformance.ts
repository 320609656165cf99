/**
 * What a function may rest on, however it is triggered: by the native consumer, or by events over
 * HTTP from a gateway that reads the same log. Cases know functions and the ports only; how what
 * was appended reaches a function is the harness's.
 */
import { expect } from 'vitest';
import { type ConformanceInit, conformanceSuite } from '../../test/conformance-suite.ts';
import type { EventLog, Offsets } from '../ports/event-log/port.ts';
import type { Job, Jobs } from '../ports/jobs/port.ts';
import { type BerthFunction, defineFunction, job, partitions, stream } from './define-function.ts';
import type { Host } from './host.ts';

export interface TriggerHarness {
  readonly eventLog: EventLog;
  readonly jobs: Jobs;
  /** Functions that begin now; as a new process would. */
  start(functions: readonly BerthFunction[]): Host;
}

type Cases = Readonly<Record<string, (harness: TriggerHarness) => Promise<void>>>;

export function triggerConformance<Harness extends TriggerHarness>(
  name: string,
  init: ConformanceInit<Harness>,
): void {
  conformanceSuite(name, init, {
    ...streamCases,
    ...partitionCases,
    ...placeCases,
    ...failureCases,
    ...jobCases,
  });
}

const KEYS = ['ns/a', 'ns/b', 'ns/c', 'pools'];
/** On two cores, with a broker beside it. */
const WAIT = { timeout: 20_000 };

/** `count` entries over all keys, numbered from `first` on within each of them. */
async function append({ eventLog }: TriggerHarness, first: number, count: number): Promise<void> {
  const numbers = Array.from({ length: count }, (_, index) => first + index);
  const entries = numbers.flatMap((number) => KEYS.map((key) => ({ key, value: { number } })));
  await eventLog.append('berth.events', entries);
}

interface Reader {
  readonly definition: BerthFunction;
  /** `key number` as heard, and `caught up`. */
  readonly heard: string[];
  /** Behind what was handled: what a checkpoint would say. */
  readonly place: Record<number, number>;
}

interface ReaderInit {
  readonly name?: string;
  readonly from?: Offsets;
  readonly onBatch?: (heard: readonly string[]) => Promise<void>;
  readonly onCaughtUp?: () => Promise<void>;
}

function reader(init: ReaderInit = {}): Reader {
  const heard: string[] = [];
  const place: Record<number, number> = { ...init.from };
  const definition = defineFunction({
    name: init.name ?? 'reader',
    trigger: stream('berth.events', async () => init.from ?? {}),
    handler: {
      async batch(entries) {
        const lines = entries.map(({ key, value }) => `${key} ${String(value['number'])}`);
        await init.onBatch?.(lines);
        heard.push(...lines);
        for (const { partition, offset } of entries) place[partition] = offset + 1;
      },
      async caughtUp() {
        await init.onCaughtUp?.();
        heard.push('caught up');
      },
    },
  });
  return { definition, heard, place };
}

const ofKey = (heard: readonly string[], key: string): number[] =>
  heard.filter((line) => line.startsWith(`${key} `)).map((line) => Number(line.split(' ')[1]));

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

async function heardAll({ heard }: Reader, count: number): Promise<void> {
  await expect
    .poll(() => KEYS.map((key) => ofKey(heard, key).length), WAIT)
    .toEqual(KEYS.map(() => count));
}

const streamCases: Cases = {
  async 'gives everything that was there, then says once that it has caught up'(harness) {
    await append(harness, 0, 50);
    const found = reader();
    harness.start([found.definition]);
    await expect.poll(() => found.heard.at(-1), WAIT).toBe('caught up');
    expect(KEYS.map((key) => ofKey(found.heard, key))).toEqual(KEYS.map(() => upTo(50)));
    await append(harness, 50, 20);
    await heardAll(found, 70);
    expect(found.heard.filter((line) => line === 'caught up')).toHaveLength(1);
  },

  async 'keeps the order of each key while more is appended'(harness) {
    await append(harness, 0, 1);
    const found = reader();
    harness.start([found.definition]);
    for (let first = 1; first < 61; first += 4) await append(harness, first, 4);
    await heardAll(found, 61);
    for (const key of KEYS) expect(ofKey(found.heard, key)).toEqual(upTo(61));
  },

  async 'takes one batch at a time'(harness) {
    await append(harness, 0, 40);
    let inside = 0;
    let most = 0;
    const found = reader({
      async onBatch() {
        inside += 1;
        most = Math.max(most, inside);
        await harness.eventLog.ends('berth.events');
        inside -= 1;
      },
    });
    harness.start([found.definition]);
    await append(harness, 40, 40);
    await heardAll(found, 80);
    expect(most).toBe(1);
  },

  async 'gives a function what it appended itself'(harness) {
    await append(harness, 0, 1);
    const found = reader({
      async onBatch(lines) {
        const last = Math.max(...lines.map((line) => Number(line.split(' ')[1])));
        const mine = lines.some((line) => line.startsWith('pools '));
        if (mine && last < 5) await append(harness, last + 1, 1);
      },
    });
    harness.start([found.definition]);
    await heardAll(found, 6);
  },

  async 'gives everything to each of two functions of a topic'(harness) {
    await append(harness, 0, 10);
    const found = [reader({ name: 'first' }), reader({ name: 'second' })];
    harness.start(found.map(({ definition }) => definition));
    await append(harness, 10, 10);
    for (const each of found) await heardAll(each, 20);
  },
};

/** Reads each partition by itself; `caught up` for each. */
function partitionsReader(from: Offsets = {}): Reader {
  const heard: string[] = [];
  const place: Record<number, number> = { ...from };
  const definition = defineFunction({
    name: 'owner',
    trigger: partitions('berth.events', 'owners'),
    handler: {
      assigned: () => undefined,
      take: async (partition) => ({
        from: from[partition] ?? 0,
        async batch(entries) {
          heard.push(...entries.map(({ key, value }) => `${key} ${String(value['number'])}`));
          place[partition] = (entries.at(-1)?.offset ?? 0) + 1;
        },
        async caughtUp() {
          heard.push(`caught up ${partition}`);
        },
      }),
    },
  });
  return { definition, heard, place };
}

const partitionCases: Cases = {
  async 'gives each partition by itself, and says of each that it has caught up'(harness) {
    await append(harness, 0, 20);
    const found = partitionsReader();
    harness.start([found.definition]);
    await heardAll(found, 20);
    await append(harness, 20, 20);
    await heardAll(found, 40);
    for (const key of KEYS) expect(ofKey(found.heard, key)).toEqual(upTo(40));
    const caughtUp = found.heard.filter((line) => line.startsWith('caught up'));
    expect(caughtUp.length).toBe(new Set(caughtUp).size);
  },

  async 'partitions go on after a stop where their readers say'(harness) {
    await append(harness, 0, 10);
    const before = partitionsReader();
    const host = harness.start([before.definition]);
    await heardAll(before, 10);
    await host.stop();
    await append(harness, 10, 10);
    const after = partitionsReader(before.place);
    harness.start([after.definition]);
    await heardAll(after, 10);
    for (const key of KEYS) expect(ofKey(after.heard, key)[0]).toBe(10);
  },

  async 'what a group has handled is committed by its stop at the latest'(harness) {
    await append(harness, 0, 10);
    const found = partitionsReader();
    const host = harness.start([found.definition]);
    await heardAll(found, 10);
    await host.stop();
    const ends = await harness.eventLog.ends('berth.events');
    const written = Object.entries(ends).filter(([, end]) => end > 0);
    expect(await harness.eventLog.committed('owners', 'berth.events')).toMatchObject(
      Object.fromEntries(written),
    );
  },
};

const placeCases: Cases = {
  async 'stopped and started again goes on where the function says, and misses nothing'(harness) {
    await append(harness, 0, 10);
    const before = reader();
    const host = harness.start([before.definition]);
    await heardAll(before, 10);
    await host.stop();
    await append(harness, 10, 10);
    const after = reader({ from: before.place });
    harness.start([after.definition]);
    await heardAll(after, 10);
    for (const key of KEYS) expect(ofKey(after.heard, key)[0]).toBe(10);
  },

  async 'started from an older place repeats what came after it'(harness) {
    await append(harness, 0, 10);
    const before = reader();
    const host = harness.start([before.definition]);
    await heardAll(before, 10);
    await host.stop();
    await append(harness, 10, 1);
    const after = reader();
    harness.start([after.definition]);
    await heardAll(after, 11);
  },

  async 'stopped in a batch gives it again to the next'(harness) {
    await append(harness, 0, 5);
    const entered = Promise.withResolvers<void>();
    const leave = Promise.withResolvers<void>();
    const before = reader({
      async onBatch() {
        entered.resolve();
        await leave.promise;
      },
    });
    const host = harness.start([before.definition]);
    await entered.promise;
    const stopped = host.stop();
    leave.resolve();
    await stopped;
    const after = reader();
    harness.start([after.definition]);
    await heardAll(after, 5);
  },

  async 'refuses to start beyond the end of the log'(harness) {
    await append(harness, 0, 2);
    const found = reader({ from: { 0: 1000 } });
    const { failed } = harness.start([found.definition]);
    expect(await failed).toMatchObject({ code: 'BERTH_RUNTIME_BEYOND_END' });
    expect(found.heard).toEqual([]);
  },
};

const failureCases: Cases = {
  async 'ends with what a batch throws, and gives it again to the next'(harness) {
    await append(harness, 0, 5);
    const failure = new Error('met an unknown type');
    const bad = reader({ onBatch: () => Promise.reject(failure) });
    const host = harness.start([bad.definition]);
    expect(await host.failed).toBe(failure);
    await host.stop();
    const good = reader();
    harness.start([good.definition]);
    await heardAll(good, 5);
  },

  async 'ends with what is thrown when it has caught up'(harness) {
    await append(harness, 0, 1);
    const failure = new Error('cannot answer');
    const found = reader({ onCaughtUp: () => Promise.reject(failure) });
    expect(await harness.start([found.definition]).failed).toBe(failure);
  },

  async 'a function that fails takes nothing from its neighbour'(harness) {
    await append(harness, 0, 5);
    const bad = reader({ name: 'bad', onBatch: () => Promise.reject(new Error('bad')) });
    const good = reader({ name: 'good' });
    const host = harness.start([bad.definition, good.definition]);
    await host.failed;
    await heardAll(good, 5);
  },
};

const jobCases: Cases = {
  async 'runs a job with its id and its data'(harness) {
    const ran = Promise.withResolvers<Job>();
    const handler = async (each: Job): Promise<void> => ran.resolve(each);
    harness.start([defineFunction({ name: 'worker', trigger: job('errands'), handler })]);
    await harness.jobs.add('errands', [{ id: 'ns/a r1', data: { askedAtMs: 7, to: 'ns/a' } }]);
    expect(await ran.promise).toMatchObject({ id: 'ns/a r1', data: { askedAtMs: 7, to: 'ns/a' } });
    await expect.poll(() => harness.jobs.pending('errands'), WAIT).toBe(0);
  },

  async 'runs a job again that failed, and no more once it is done'(harness) {
    let runs = 0;
    const handler = async (): Promise<void> => {
      runs += 1;
      if (runs < 3) throw new Error('not yet');
    };
    harness.start([defineFunction({ name: 'worker', trigger: job('errands'), handler })]);
    await harness.jobs.add('errands', [{ id: 'r1', data: null }]);
    await expect.poll(() => runs, WAIT).toBe(3);
    await expect.poll(() => harness.jobs.pending('errands'), WAIT).toBe(0);
    expect(runs).toBe(3);
  },

  async 'a job that was in hand at the stop runs again'(harness) {
    const entered = Promise.withResolvers<void>();
    const cut = async (_: Job, signal: AbortSignal): Promise<void> => {
      entered.resolve();
      await new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('cut off')));
      });
    };
    const worker = (handler: typeof cut) =>
      harness.start([defineFunction({ name: 'worker', trigger: job('errands'), handler })]);
    const host = worker(cut);
    await harness.jobs.add('errands', [{ id: 'r1', data: null }]);
    await entered.promise;
    await host.stop();
    const again = Promise.withResolvers<string>();
    worker(async ({ id }) => again.resolve(id));
    expect(await again.promise).toBe('r1');
  },
};
