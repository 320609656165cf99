/** What the native traffic process says, one line of JSON each (commands: `native/main.c`). */
import { z } from 'zod';
import { berthError } from '../../../services/contract/errors.ts';

const id = z.number().int();
const port = z.number().int();

const event = z.discriminatedUnion('event', [
  z.object({ event: z.literal('ready') }),
  z.object({ event: z.literal('serving'), id }),
  z.object({ event: z.literal('serve-failed'), id, reason: z.string() }),
  z.object({
    event: z.literal('peer'),
    id,
    protocol: z.enum(['tcp', 'udp']),
    source: z.string(),
    sourcePort: port,
    destination: z.string(),
    destinationPort: port,
  }),
  z.object({ event: z.literal('established'), id, port }),
  z.object({
    event: z.literal('ended'),
    id,
    kind: z.enum(['closed', 'failed', 'broken', 'pod-deleted']),
    reason: z.string().nullable(),
    messages: z.number(),
    atMs: z.number(),
  }),
  z.object({ event: z.literal('probe-failed'), id, reason: z.string() }),
  z.object({ event: z.literal('probe-ended'), id, longestPauseUs: z.number() }),
  z.object({ event: z.literal('lost'), id, sentAtMs: z.number() }),
  z.object({
    event: z.literal('window'),
    id,
    sent: z.number(),
    lost: z.number(),
    rejected: z.number(),
  }),
  z.object({ event: z.literal('dropped'), id }),
  z.object({ event: z.literal('capturing'), id }),
  z.object({ event: z.literal('capture-failed'), id, reason: z.string() }),
  z.object({
    event: z.literal('captured'),
    id,
    source: z.string(),
    packets: z.number(),
    firstDestination: z.string(),
    firstProtocol: z.number(),
  }),
  z.object({ event: z.literal('capture-ended'), id, packets: z.number(), missed: z.number() }),
]);

export type TrafficEvent = z.infer<typeof event>;
export type EventOf<K extends TrafficEvent['event']> = Extract<TrafficEvent, { event: K }>;

/** @throws BERTH_LAB_TRAFFIC */
export function parseTrafficEvent(line: string): TrafficEvent {
  try {
    return event.parse(JSON.parse(line));
  } catch (error) {
    throw berthError('BERTH_LAB_TRAFFIC', { reason: `it said ${line}` }, error);
  }
}
