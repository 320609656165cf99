/**
 * What may come in on the CNI socket: one line of JSON a request, checked here and nowhere else.
 * Unknown fields are let pass, so that a newer plugin can talk to an older agent.
 */
import { z } from 'zod';
import { berthError } from '../contract/errors.ts';
import type { PodUid } from '../contract/identity.ts';
import { type IpAddress, parseIp } from '../contract/ip-address.ts';
import type { PodAttachment } from './pod-attachment.ts';

export type CniRequest =
  | { readonly verb: 'add'; readonly attachment: PodAttachment }
  | { readonly verb: 'del'; readonly uid: PodUid }
  | { readonly verb: 'status' };

const TEXT_MAX = 4096;
const UID_MAX = 128;
/** IFNAMSIZ, without the closing zero. */
const INTERFACE_NAME_MAX = 15;

const uid = z.string().min(1).max(UID_MAX);

const ip = z.string().transform((text, context): IpAddress => {
  try {
    return parseIp(text);
  } catch {
    context.addIssue({ code: 'custom', message: `'${text}' is not an IP address` });
    return z.NEVER;
  }
});

const request = z.discriminatedUnion('verb', [
  z.object({
    verb: z.literal('add'),
    uid,
    ip,
    netns: z.string().max(TEXT_MAX).nullish(),
    hostInterface: z
      .string()
      .regex(/^[^/\s]+$/)
      .max(INTERFACE_NAME_MAX),
  }),
  z.object({ verb: z.literal('del'), uid }),
  z.object({ verb: z.literal('status') }),
]);

/** @throws BERTH_CNI_BAD_REQUEST */
export function parseCniRequest(line: string): CniRequest {
  const { success, data, error } = request.safeParse(json(line));
  if (!success) {
    const [issue] = error.issues;
    const field = issue?.path.join('.') ?? '';
    const reason = `${field === '' ? 'request' : field}: ${issue?.message ?? 'not understood'}`;
    throw berthError('BERTH_CNI_BAD_REQUEST', { reason });
  }
  if (data.verb !== 'add') return data;
  const { verb, netns, ...rest } = data;
  return { verb, attachment: { ...rest, netns: netns ?? null } };
}

function json(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw berthError('BERTH_CNI_BAD_REQUEST', { reason: 'not JSON' }, error);
  }
}
