/**
 * The second suite of the EventLog: for adapters whose groups have several members. Whoever comes,
 * leaves, dies or sleeps: every partition has an owner again, and soon one only; records repeat at
 * most, and the order of a key holds.
 */
import { expect } from 'vitest';
import {
  type ConformanceCases,
  type ConformanceInit,
  conformanceSuite,
} from '../../../../test/conformance-suite.ts';
import { upTo } from '../../../../test/log-reading.ts';
import type { EventLog, Offsets } from '../port.ts';

/** A member in another process. */
export interface MemberProcess {
  /** As it was told last. */
  owned(): readonly number[];
  kill(): Promise<void>;
  leave(): Promise<void>;
  pause(): void;
  resume(): void;
}

export interface GroupHarness {
  readonly opened: EventLog;
  /** The same log, as another process has it. */
  another(): Promise<EventLog>;
  /** It joins `mapper` on `berth.events`. */
  startMember(): Promise<MemberProcess>;
  teardown(): Promise<void>;
}

const GROUP = 'mapper';
const TOPIC = 'berth.events';
/** A member that died is noticed after its session, 10 s. */
const SOON = { timeout: 40_000, interval: 50 };

interface Owner {
  owned(): readonly number[];
}

interface Member extends Owner {
  /** How often it was told. */
  told(): number;
  leave(): Promise<void>;
}

function join(log: EventLog): Member {
  const leaving = new AbortController();
  let owned: readonly number[] = [];
  let told = 0;
  const ended = (async () => {
    for await (const partitions of log.join(GROUP, TOPIC, leaving.signal)) {
      owned = partitions;
      told += 1;
    }
  })();
  return {
    owned: () => owned,
    told: () => told,
    async leave() {
      leaving.abort();
      await ended;
    },
  };
}

/** All partitions have one owner each among these, and all have about as many. */
async function shared(log: EventLog, owners: readonly Owner[]): Promise<void> {
  const all = upTo(log.partitionCount(TOPIC));
  const most = Math.ceil(all.length / owners.length);
  const state = () => ({
    owned: owners.flatMap((each) => [...each.owned()]).sort((a, b) => a - b),
    isEven: owners.every((each) => each.owned().length <= most),
  });
  await expect.poll(state, SOON).toEqual({ owned: all, isEven: true });
}

const leaveAll = (members: readonly Member[]): Promise<unknown> =>
  Promise.all(members.map((member) => member.leave()));

const cases: ConformanceCases<GroupHarness> = {
  async 'shares the partitions out evenly among who joined'({ opened: log, another }) {
    const members = [join(log), join(await another()), join(await another())];
    await shared(log, members);
    await leaveAll(members);
  },

  async 'gives what a member had to the others when it leaves, and they keep theirs'({
    opened: log,
    another,
  }) {
    const members = [join(log), join(await another()), join(await another())];
    await shared(log, members);
    const [first, ...others] = members as [Member, ...Member[]];
    const before = others.map((member) => member.owned());
    await first.leave();
    await shared(log, others);
    for (const [index, member] of others.entries()) {
      expect(member.owned()).toEqual(expect.arrayContaining([...(before[index] ?? [])]));
    }
    await leaveAll(others);
  },

  async 'takes from who has most for a member that comes, and no more than its share'({
    opened: log,
    another,
  }) {
    const first = join(log);
    await shared(log, [first]);
    const all = first.owned();
    const second = join(await another());
    await shared(log, [first, second]);
    expect(all).toEqual(expect.arrayContaining([...first.owned()]));
    await leaveAll([first, second]);
  },

  async 'has members without a partition where there are more than partitions'({
    opened: log,
    another,
  }) {
    const count = log.partitionCount(TOPIC);
    const members = await Promise.all(upTo(count + 1).map(async () => join(await another())));
    await shared(log, members);
    await expect.poll(() => members.every((member) => member.told() > 0), SOON).toBe(true);
    await leaveAll(members);
  },

  async 'gives the partitions of a member that was killed to the others'({
    opened: log,
    startMember,
  }) {
    const member = join(log);
    const other = await startMember();
    await shared(log, [member, other]);
    await other.kill();
    await shared(log, [member]);
    await member.leave();
  },

  async 'gives the partitions of a member that sleeps to the others, and shares with it later'({
    opened: log,
    startMember,
  }) {
    const member = join(log);
    const other = await startMember();
    await shared(log, [member, other]);
    other.pause();
    await shared(log, [member]);
    other.resume();
    await shared(log, [member, other]);
    await other.leave();
    await shared(log, [member]);
    await member.leave();
  },

  async 'repeats records at most when members come and go in the middle of a batch'({
    opened: log,
    another,
  }) {
    const handled: string[] = [];
    const count = 400;
    await log.append(
      TOPIC,
      upTo(count).map((number) => ({ key: `ns/${number % 17}`, value: { number } })),
    );
    const gate = Promise.withResolvers<void>();
    const first = startWorker(log, handled, gate.promise);
    await expect.poll(() => handled.length, SOON).toBeGreaterThan(2);
    // It holds a batch in its hands while the other one comes.
    const second = startWorker(await another(), handled, Promise.resolve());
    await expect.poll(() => second.owned().length, SOON).toBeGreaterThan(0);
    gate.resolve();
    await expect.poll(() => new Set(handled).size, SOON).toBe(count);
    await second.stop();
    const more = await log.append(
      TOPIC,
      upTo(50).map((number) => ({ key: `ns/${number % 17}`, value: { number } })),
    );
    await expect.poll(() => new Set(handled).size, SOON).toBe(count + more.length);
    await first.stop();
    for (const offsets of firstHandled(handled).values()) {
      expect(offsets).toEqual(upTo(offsets.length));
    }
  },
};

/** By partition: in which order its offsets were handled first, by whomever. */
function firstHandled(handled: readonly string[]): ReadonlyMap<string, readonly number[]> {
  const orders = new Map<string, number[]>();
  for (const place of new Set(handled)) {
    const [partition = '', offset = ''] = place.split('/');
    orders.set(partition, [...(orders.get(partition) ?? []), Number(offset)]);
  }
  return orders;
}

/** Handles the records of what it owns, from where the group committed; `held`: the third one. */
function startWorker(log: EventLog, handled: string[], held: Promise<void>) {
  const stopping = new AbortController();
  let owned: readonly number[] = [];
  async function work(from: Offsets, partitions: readonly number[], signal: AbortSignal) {
    for await (const batch of log.read(TOPIC, from, signal, partitions)) {
      for (const { partition, offset } of batch) {
        handled.push(`${partition}/${offset}`);
        if (handled.length > 2) await held;
      }
      const last = batch.at(-1);
      if (last !== undefined) await log.commit(GROUP, TOPIC, { [last.partition]: last.offset + 1 });
    }
  }
  const ended = (async () => {
    let reading = new AbortController();
    let working: Promise<void> = Promise.resolve();
    for await (const partitions of log.join(GROUP, TOPIC, stopping.signal)) {
      owned = partitions;
      reading.abort();
      await working;
      reading = new AbortController();
      working = work(await log.committed(GROUP, TOPIC), partitions, reading.signal);
    }
    reading.abort();
    await working;
  })();
  return {
    owned: () => owned,
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}

export function eventLogGroupConformance(name: string, init: ConformanceInit<GroupHarness>): void {
  conformanceSuite(name, init, cases);
}
