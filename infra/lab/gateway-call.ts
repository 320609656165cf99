/** What a person asks of an agent, on the socket that the CNI plugin uses. */
import { createConnection } from 'node:net';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { berthError, describeError } from '../../services/contract/errors.ts';

export interface GatewayAnswer {
  readonly drained: boolean;
  /** NAT addresses that it answers for, as its kernel has them. */
  readonly owned: readonly string[];
  readonly peers: readonly { readonly name: string; readonly live: boolean }[];
}

const ANSWER_TIMEOUT_MS = 5_000;

const gateway = z.object({
  drained: z.boolean(),
  owned: z.array(z.string()),
  peers: z.array(z.object({ name: z.string(), live: z.boolean() })),
});
const heldBack = z.object({
  heldBack: z.array(
    z.object({ pod: z.string().nullable(), reason: z.string(), packets: z.number() }),
  ),
});
const answer = z.discriminatedUnion('ok', [
  z.looseObject({ ok: z.literal(true) }),
  z.object({ ok: z.literal(false), code: z.string(), message: z.string() }),
]);

/** @throws BERTH_LAB_AGENT_SILENT, also where it is no gateway */
export async function gatewayStatus(socketPath: string): Promise<GatewayAnswer> {
  return gateway.parse(await ask(socketPath, 'gateway'));
}

/** Resolves when others answer for all its addresses. @throws BERTH_LAB_AGENT_SILENT */
export async function drainGateway(socketPath: string): Promise<void> {
  await ask(socketPath, 'drain');
}

export async function undrainGateway(socketPath: string): Promise<void> {
  await ask(socketPath, 'undrain');
}

export interface HeldBackAnswer {
  readonly pod: string | null;
  readonly reason: string;
  readonly packets: number;
}

/** By pod and reason. @throws BERTH_LAB_AGENT_SILENT */
export async function heldBackPackets(socketPath: string): Promise<readonly HeldBackAnswer[]> {
  return heldBack.parse(await ask(socketPath, 'status')).heldBack;
}

async function ask(socketPath: string, verb: string) {
  const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
  const socket = createConnection({ path: socketPath, signal });
  try {
    socket.end(`${JSON.stringify({ verb })}\n`);
    const said = answer.parse(JSON.parse(await text(socket)));
    if (said.ok) return said;
    throw silent(`${said.code}: ${said.message}`);
  } catch (error) {
    throw silent(describeError(error), error);
  } finally {
    socket.destroy();
  }
}

function silent(reason: string, cause?: unknown) {
  return berthError('BERTH_LAB_AGENT_SILENT', { reason }, cause);
}
