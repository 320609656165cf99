/**
 * A state as text and back: canonical JSON in which maps and sets are tagged lists in their own
 * order. The order is part of the state (free blocks are handed out oldest first), and it is the
 * same for everybody who folded the same log.
 */
import { canonicalJson } from '../../contract/canonical.ts';

const MAP = '$map';
const SET = '$set';

export function stateToText(state: object): string {
  return canonicalJson(toPlain(state));
}

/** The caller knows what it had put in. */
export function stateFromText(text: string): unknown {
  return JSON.parse(text, revive);
}

function toPlain(value: unknown): unknown {
  if (value instanceof Map) return { [MAP]: [...value].map(([k, v]) => [k, toPlain(v)]) };
  if (value instanceof Set) return { [SET]: [...value] };
  if (Array.isArray(value)) return value.map(toPlain);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, toPlain(field)]));
}

function revive(_name: string, value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value;
  const tagged = value as { [MAP]?: [unknown, unknown][]; [SET]?: unknown[] };
  if (tagged[MAP] !== undefined) return new Map(tagged[MAP]);
  if (tagged[SET] !== undefined) return new Set(tagged[SET]);
  return value;
}
