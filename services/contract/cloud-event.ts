/**
 * A record as a CloudEvent (1.0), as it stands in headers and in what HTTP triggers are sent. The
 * value holds all of it already; this is for readers that are not ours.
 */
import { type Hash, hashOf } from './canonical.ts';
import type { Topic } from './topics.ts';

export interface CloudEvent {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  /** W3C Trace Context. */
  readonly traceparent: string;
}

export function cloudEventOf(
  topic: Topic,
  key: string,
  value: Readonly<Record<string, unknown>>,
): CloudEvent {
  const { id, body, type, source, traceparent } = value;
  const said = typeof id === 'string' ? id : hashOf({ topic, key, value });
  return {
    id: said,
    type: `berth.${nameOf(body) ?? nameOf({ type }) ?? 'Record'}`,
    source: `/berth/${sourceOf(source) ?? key}`,
    traceparent: typeof traceparent === 'string' ? traceparent : ownTrace(said),
  };
}

/** A record that nothing traced is a trace of its own, not sampled; the same each time. */
function ownTrace(id: Hash): string {
  const hex = hashOf(id);
  return `00-${hex.slice(0, 32)}-${hex.slice(32, 48)}-00`;
}

function nameOf(holder: unknown): string | null {
  if (typeof holder !== 'object' || holder === null || !('type' in holder)) return null;
  return typeof holder.type === 'string' ? holder.type : null;
}

function sourceOf(source: unknown): string | null {
  if (typeof source !== 'object' || source === null || !('by' in source)) return null;
  return typeof source.by === 'string' ? source.by : null;
}
