/**
 * What may come in on the CNI socket: one line of JSON a request, checked here and nowhere else.
 * Unknown fields are let pass, so that a newer plugin can talk to an older agent.
 */
import { z } from 'zod';
import { berthError } from '../contract/errors.ts';
import type { PodUid } from '../contract/identity.ts';
import { type IpAddress, parseIp } from '../contract/ip-address.ts';
import type { PodAttachment, SandboxOf } from './pod-attachment.ts';

export type CniRequest =
  | { readonly verb: 'add'; readonly attachment: PodAttachment }
  | { readonly verb: 'del'; readonly uid: PodUid; readonly of: SandboxOf }
  | { readonly verb: 'status' | 'gateway' | 'drain' | 'undrain' };

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

const netns = z.string().max(TEXT_MAX);
const hostInterface = z
  .string()
  .regex(/^[^/\s]+$/)
  .max(INTERFACE_NAME_MAX);

const request = z.discriminatedUnion('verb', [
  z.object({
    verb: z.literal('add'),
    uid,
    ip,
    netns: netns.nullish(),
    hostInterface,
  }),
  z.object({
    verb: z.literal('del'),
    uid,
    ip: ip.optional(),
    netns: netns.optional(),
    hostInterface: hostInterface.optional(),
  }),
  z.object({ verb: z.enum(['status', 'gateway', 'drain', 'undrain']) }),
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
  switch (data.verb) {
    case 'status':
    case 'gateway':
    case 'drain':
    case 'undrain':
      return data;
    case 'add': {
      const { verb, netns: path, ...rest } = data;
      return { verb, attachment: { ...rest, netns: path ?? null } };
    }
    case 'del': {
      const { verb, uid: of, ...sandbox } = data;
      return { verb, uid: of, of: withoutUnnamed(sandbox) };
    }
  }
}

function withoutUnnamed(sandbox: { [Field in keyof SandboxOf]: SandboxOf[Field] | undefined }) {
  const named = Object.entries(sandbox).filter(([, value]) => value !== undefined);
  return Object.fromEntries(named) as SandboxOf;
}

function json(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw berthError('BERTH_CNI_BAD_REQUEST', { reason: 'not JSON' }, error);
  }
}
