/**
 * What a hub reads of the log: the history and the node records from their beginnings (before it
 * serves, into what the core is then made of), and what nodes ack, to whichever hub, from now on.
 */
import { isWholeLog, unfinished } from '../aggregates/log/whole.ts';
import type { World } from '../aggregates/world.ts';
import { loggedEvent } from '../contract/logged-event.ts';
import type { AckRecord, NodeRecord } from '../contract/node-records.ts';
import { TOPICS } from '../contract/topics.ts';
import { nextOffsets } from '../contract/version.ts';
import type { EventLog } from '../ports/event-log/port.ts';
import { type BerthFunction, defineFunction, stream } from '../runtime/define-function.ts';
import type { Log } from '../runtime/log.ts';
import type { HubCore, NodeRecords } from './hub-core.ts';

export interface HubStreamsInit {
  readonly world: World;
  readonly nodeRecords: NodeRecords;
  readonly eventLog: EventLog;
  /** Null until all was read that was there at the start. */
  readonly core: () => HubCore | null;
  /** Once for each of the two. */
  readonly caughtUp: (what: 'events' | 'nodes') => void;
  readonly log: Log;
}

export function hubStreams(init: HubStreamsInit): BerthFunction[] {
  const { world, nodeRecords, eventLog, core, caughtUp, log } = init;
  let readToEnd = false;
  let saidSo = false;

  /** A log that is still being moved here says of nodes what they had long ago. */
  function lookWhole(): void {
    if (saidSo || !readToEnd || !isWholeLog(world)) return;
    saidSo = true;
    caughtUp('events');
  }

  return [
    defineFunction({
      name: 'hub-events',
      trigger: stream(TOPICS.events.name, async () => nextOffsets(world.version)),
      handler: {
        batch: async (entries) => {
          const events = entries.map(loggedEvent);
          // It serves an empty log, or is about to.
          const begins = events.some(({ record }) => record?.body.type === 'CopyBegan');
          if (saidSo && begins) throw unfinished(world);
          const serving = core();
          if (serving !== null) {
            serving.events(events);
            return;
          }
          for (const event of events) world.apply(event);
          lookWhole();
        },
        caughtUp: async () => {
          readToEnd = true;
          if (!isWholeLog(world)) log.warn({ error: unfinished(world) }, 'hub serves nobody yet');
          lookWhole();
        },
      },
    }),
    defineFunction({
      name: 'hub-nodes',
      trigger: stream(TOPICS.nodes.name, async () => ({})),
      handler: {
        batch: async (entries) => {
          for (const { key, value, refused } of entries) {
            if (refused !== undefined) continue;
            const record = value as unknown as NodeRecord;
            nodeRecords.set(key, record);
            core()?.nodeRecord(record);
          }
        },
        caughtUp: async () => caughtUp('nodes'),
      },
    }),
    defineFunction({
      name: 'hub-acks',
      trigger: stream(TOPICS.acks.name, () => eventLog.ends(TOPICS.acks.name)),
      handler: {
        batch: async (entries) =>
          core()?.acks(
            entries.flatMap(({ value, refused }) =>
              refused === undefined ? [value as unknown as AckRecord] : [],
            ),
          ),
        caughtUp: async () => undefined,
      },
    }),
  ];
}
