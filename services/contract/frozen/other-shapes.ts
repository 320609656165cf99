/**
 * The shapes of the topics beside the history. Nothing there decides, so what does not fit, or has
 * a type that only another version knows, is passed over by whoever reads it, and no more is made
 * of it.
 */
import { atLeast, bool, type Check, ip, list, nullable, record, text, whole } from './check.ts';

const version = record(whole(0));
const labels = record(text);

const facts = atLeast({
  name: text,
  labels,
  addresses: list(ip),
  ready: bool,
  outOfService: bool,
});

const nodeFromApi = atLeast({ type: text, node: text, facts: nullable(facts) });
const nodeFromAgent = atLeast(
  { type: text, node: text, bootId: text, underlayIp: ip, mac: text },
  { heartbeatKey: text },
);

/** Beside it: the key says which node, and who speaks. */
export const nodeRecord: Check = (value) => {
  const { type } = value as { readonly type?: unknown };
  if (type === 'NodeFromApi') return nodeFromApi(value);
  return type === 'NodeFromAgent' ? nodeFromAgent(value) : '.type is not known';
};

export const ackRecord: Check = atLeast({
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

const words: Readonly<Record<string, Check>> = {
  Process: atLeast({
    ...speaker,
    roles: list(text),
    release: text,
    adapters: labels,
    sinceMs: nullable(time),
    ended: bool,
  }),
  Hub: atLeast({ ...speaker, version }),
  Links: atLeast({
    ...speaker,
    links: list(atLeast({ node: text, connected: bool, concerned: bool, inSync: bool })),
  }),
  Push: atLeast({
    ...speaker,
    target: text,
    push: nullable(
      atLeast({
        code: nullable(text),
        message: nullable(text),
        sinceMs: time,
        readBackAtMs: nullable(time),
      }),
    ),
  }),
  RefusedInput: atLeast({ ...speaker, number: whole(1), text }),
};

export const statusRecord: Check = (value) => {
  const { type } = value as { readonly type?: unknown };
  const known = typeof type === 'string' && Object.hasOwn(words, type) ? words[type] : undefined;
  return known === undefined ? '.type is not known' : known(value);
};

function time(value: unknown): string | null {
  return typeof value === 'number' && Number.isFinite(value) ? null : ' is no time';
}
