/**
 * The control process of a benchmark: the log, the hub, and the mapper where it is wanted, wired as
 * `berth up` does it, with no source: observations come from whoever measures.
 */

import { loggedEvent } from '../../../services/contract/logged-event.ts';
import { type AckRecord, nodeApiKey } from '../../../services/contract/node-records.ts';
import type { NodeFacts } from '../../../services/contract/objects.ts';
import type { EventRecord } from '../../../services/contract/records.ts';
import { TOPICS, type Topic } from '../../../services/contract/topics.ts';
import { createHub } from '../../../services/hub/hub.ts';
import { createMapper } from '../../../services/mapper/mapper.ts';
import type { Entry } from '../../../services/ports/event-log/port.ts';
import { systemClock } from '../../../services/runtime/clock.ts';
import { startFunctions } from '../../../services/runtime/host.ts';
import { jsonLog } from '../../../services/runtime/log.ts';
import { systemRandom } from '../../../services/runtime/random.ts';
import { openAdapters } from './adapters.ts';
import type { ControlInit, Order, Outcome, Report } from './messages.ts';

const MICROSECONDS = 1e6;
/** All agents share a process: that it has no time for one of them says nothing of its link. */
const KEEPALIVE_MS = 60_000;

const init = JSON.parse(process.argv[2] ?? '') as ControlInit;
const { dir } = init;
const started = performance.now();
const clock = systemClock();
const random = systemRandom();
const log = jsonLog({ level: 'error' });
const adapters = await openAdapters({ dir, servers: init.servers ?? null }, { clock, random, log });
const { eventLog } = adapters;
const components = { ...adapters, clock, random, log };
const certificate = async () => init.certificate;
const hub = await createHub(
  { listen: '127.0.0.1:0', certificate, keepaliveMs: KEEPALIVE_MS },
  components,
);
const mapper = init.mapper ? createMapper({}, components).functions : [];
const host = startFunctions([...hub.functions, ...mapper], components);
host.failed.then((error) => {
  throw error;
});
const port = await hub.serving;
report({ type: 'serving', port, startedInMs: performance.now() - started });

let last: Promise<void> = Promise.resolve();
process.on('message', (order: Order) => {
  last = last.then(() => obey(order));
});
process.on('disconnect', () => process.exit());

async function obey(order: Order): Promise<void> {
  switch (order.type) {
    case 'append':
      return report({ type: 'appended', atMs: await append(order.records) });
    case 'look':
      return report(look());
    case 'nodes':
      return report({ type: 'appended', atMs: await appendNodes(order.nodes) });
    case 'outcome':
      return report({ type: 'outcome', acks: await acks(), ...(await decisions()) });
  }
}

async function append(records: readonly EventRecord[]): Promise<number> {
  const entries = records.map((record) => ({ key: record.aggregate, value: { ...record } }));
  const appended = await eventLog.append(TOPICS.events.name, entries);
  return appended.at(-1)?.timeMs ?? 0;
}

function look(): Report {
  const statuses = hub.statuses();
  const { user, system } = process.cpuUsage();
  return {
    type: 'look',
    inSync: statuses.filter(({ inSync, connected }) => inSync && connected).length,
    connected: statuses.filter(({ connected }) => connected).length,
    cpuSeconds: (user + system) / MICROSECONDS,
    rssBytes: process.memoryUsage.rss(),
  };
}

async function appendNodes(nodes: readonly NodeFacts[]): Promise<number> {
  const appended = await eventLog.append(
    TOPICS.nodes.name,
    nodes.map((facts) => ({
      key: nodeApiKey(facts.name),
      value: { type: 'NodeFromApi', node: facts.name, facts },
    })),
  );
  return appended.at(-1)?.timeMs ?? 0;
}

async function acks(): Promise<readonly AckRecord[]> {
  const found: AckRecord[] = [];
  await readAll(TOPICS.acks.name, ({ value }) => found.push(value as unknown as AckRecord));
  return found;
}

async function decisions(): Promise<Pick<Outcome, 'grantedAtMs' | 'aclUpdates'>> {
  const grantedAtMs = new Map<string, number>();
  let aclUpdates = 0;
  await readAll(TOPICS.events.name, (entry) => {
    const { timeMs, record } = loggedEvent(entry);
    const body = record?.body;
    if (body?.type === 'Decision') {
      for (const answer of body.answers) {
        if (answer.kind !== 'BerthGranted' || grantedAtMs.has(answer.pod)) continue;
        grantedAtMs.set(answer.pod, timeMs);
      }
    }
    if (body?.type !== 'Forwarded') return;
    if (['WantEntry', 'DropEntry'].includes(body.message.kind)) aclUpdates += 1;
  });
  return { grantedAtMs, aclUpdates };
}

async function readAll(topic: Topic, take: (entry: Entry) => unknown): Promise<void> {
  const ends = await eventLog.ends(topic);
  let left = Object.values(ends).reduce((sum, end) => sum + end, 0);
  if (left === 0) return;
  const stop = new AbortController();
  for await (const batch of eventLog.read(topic, {}, stop.signal)) {
    for (const entry of batch) take(entry);
    left -= batch.length;
    if (left <= 0) break;
  }
  stop.abort();
}

function report(message: Report): void {
  process.send?.(message);
}
