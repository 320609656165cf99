/**
 * The call that the CNI plugin makes to its node's agent: one line of JSON there, one back, on the
 * agent's unix socket. As a container runtime does, it is made again while the agent is down or
 * holds the pod; unlike one, it gives up after a bound, and answers what it was told last.
 */
import { createConnection, type Socket } from 'node:net';
import { z } from 'zod';
import { berthError, describeError, isBerthError } from '../../services/contract/errors.ts';
import type { Clock } from '../../services/runtime/clock.ts';

export interface PortRange {
  /** Both ends inclusive. */
  readonly from: number;
  readonly to: number;
}

export type AgentRequest =
  | {
      readonly verb: 'add';
      readonly uid: string;
      readonly ip: string;
      /** A path. */
      readonly netns: string;
      readonly hostInterface: string;
    }
  | { readonly verb: 'del'; readonly uid: string };

export type AgentAnswer =
  | { readonly ok: true; readonly portRange: PortRange | null }
  | { readonly ok: false; readonly code: string; readonly message: string };

export interface AgentCallInit {
  readonly socketPath: string;
  readonly request: AgentRequest;
  readonly timeoutMs: number;
  /** Gives up now. */
  readonly signal?: AbortSignal;
}

const RETRY_MS = 50;
const ANSWER_BYTES_MAX = 64 * 1024;
/** The pod is known there and held: the only refusal that time mends. */
const HELD = 'BERTH_CNI_NOT_MAPPED';
const SILENT = 'BERTH_LAB_AGENT_SILENT';

const answer = z.discriminatedUnion('ok', [
  z.object({
    ok: z.literal(true),
    portRange: z.object({ from: z.number(), to: z.number() }).nullish(),
  }),
  z.object({ ok: z.literal(false), code: z.string(), message: z.string() }),
]);

/** Never throws: an agent that cannot be reached is a refusal with BERTH_LAB_AGENT_SILENT. */
export async function callAgent(init: AgentCallInit, clock: Clock): Promise<AgentAnswer> {
  const deadline = AbortSignal.timeout(init.timeoutMs);
  const signal = init.signal === undefined ? deadline : AbortSignal.any([deadline, init.signal]);
  let last = refusal(silent('it was not asked'));
  while (!signal.aborted) {
    const attempt = await callOnce(init, signal).catch(refusal);
    if (attempt.ok) return attempt;
    // What an agent said before it went silent tells more than the silence.
    if (attempt.code !== SILENT || last.code === SILENT) last = attempt;
    if (!isWorthRepeating(attempt.code)) break;
    await clock.sleep(RETRY_MS, signal);
  }
  return last;
}

function isWorthRepeating(code: string): boolean {
  return code === HELD || code === SILENT;
}

async function callOnce(init: AgentCallInit, signal: AbortSignal): Promise<AgentAnswer> {
  const socket = createConnection(init.socketPath);
  const stop = (): void => {
    socket.destroy(silent('it gave no answer in time'));
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    socket.write(`${JSON.stringify(init.request)}\n`);
    return parse(await firstLine(socket));
  } finally {
    signal.removeEventListener('abort', stop);
    socket.destroy();
  }
}

async function firstLine(socket: Socket): Promise<string> {
  let text = '';
  try {
    for await (const chunk of socket.setEncoding('utf8')) {
      text += String(chunk);
      const end = text.indexOf('\n');
      if (end >= 0) return text.slice(0, end);
      if (text.length > ANSWER_BYTES_MAX) break;
    }
  } catch (error) {
    throw isBerthError(error) ? error : silent(describeError(error), error);
  }
  throw silent('it hung up without an answer');
}

function parse(line: string): AgentAnswer {
  const parsed = answer.safeParse(toJson(line));
  if (!parsed.success) throw silent(`it said ${line}`, parsed.error);
  if (!parsed.data.ok) return parsed.data;
  return { ok: true, portRange: parsed.data.portRange ?? null };
}

function toJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function silent(reason: string, cause?: unknown) {
  return berthError(SILENT, { reason }, cause);
}

function refusal(error: unknown): AgentAnswer & { ok: false } {
  const code = isBerthError(error) ? error.code : SILENT;
  return { ok: false, code, message: describeError(error) };
}
