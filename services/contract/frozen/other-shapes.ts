/**
 * The shapes of the topics beside the history. Nothing there decides, so what does not fit, or has
 * a type that only another version knows, is passed over by whoever reads it, and no more is made
 * of it.
 */
import {
  bool,
  type Check,
  ip,
  list,
  nullable,
  object,
  record,
  text,
  variants,
  whole,
} from './check.ts';

const version = record(whole(0));
const labels = record(text);

const facts = object({
  name: text,
  labels,
  addresses: list(ip),
  ready: bool,
  outOfService: bool,
});

const nodeFromApi = object({ type: text, node: text, facts: nullable(facts) });
const nodeFromAgent = object(
  { type: text, node: text, bootId: text, underlayIp: ip, mac: text },
  { heartbeatKey: text },
);

/** Beside it: the key says which node, and who speaks. */
export const nodeRecord: Check = (value) => {
  const { type } = value as { readonly type?: unknown };
  if (type === 'NodeFromApi') return nodeFromApi(value);
  return type === 'NodeFromAgent' ? nodeFromAgent(value) : '.type is not known';
};

export const ackRecord: Check = object({
  type: text,
  node: text,
  bootId: text,
  version,
  checksum: text,
  recordsSent: whole(0),
  sentAtMs: nullable(time),
  readBackAtMs: time,
  mapped: list(text, 1_000_000),
});

const speaker = { process: text, run: text };

export const statusRecord: Check = variants('type', {
  Process: {
    ...speaker,
    roles: list(text),
    release: text,
    adapters: labels,
    sinceMs: nullable(time),
    ended: bool,
  },
  Hub: { ...speaker, version },
  Links: {
    ...speaker,
    links: list(object({ node: text, connected: bool, concerned: bool, inSync: bool })),
  },
  Push: {
    ...speaker,
    target: text,
    push: nullable(
      object({
        code: nullable(text),
        message: nullable(text),
        sinceMs: time,
        readBackAtMs: nullable(time),
      }),
    ),
  },
  RefusedInput: { ...speaker, number: whole(1), text },
});

function time(value: unknown): string | null {
  return typeof value === 'number' && Number.isFinite(value) ? null : ' is no time';
}
