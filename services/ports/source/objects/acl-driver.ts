/**
 * How an AclTarget's ACL is written: by ticket, or by a server of its owner's. Secrets are named,
 * never written here: what an object says is in the log for ever.
 */
import { z } from 'zod';
import type { AclDriverSpec } from '../../../contract/objects.ts';
import { refuse } from './refusal.ts';
import { choice, cidr, subdomainName, wholeNumber } from './scalars.ts';

const ALLOWED_MAX = 64;
const URL_MAX = 2048;
const TIMEOUT_SECONDS = 10;
const TIMEOUT_SECONDS_MAX = 60;

const webhookUrl = z
  .string()
  .max(URL_MAX)
  .superRefine((text, ctx) => {
    const reason = urlRefusal(text);
    if (reason !== null) refuse(ctx, reason);
  });

function urlRefusal(text: string): string | null {
  if (!URL.canParse(text)) return "is no URL such as 'https://acl.example.org/orders-db'";
  const { protocol, username, password, hash } = new URL(text);
  if (username !== '' || password !== '') {
    return 'must hold no user or password: requests are signed with the key that secretRef names';
  }
  if (hash !== '') return 'must have no #fragment: it would not be sent';
  return protocol === 'https:' || protocol === 'http:'
    ? null
    : 'must begin with https:// (or http://)';
}

const secretName = z.strictObject({ name: subdomainName });

const manual = z.strictObject({
  type: z.literal('Manual'),
  allowed: z.array(cidr).max(ALLOWED_MAX).default([]),
});

const webhook = z
  .strictObject({
    type: z.literal('Webhook'),
    url: webhookUrl,
    secretRef: secretName,
    caRef: secretName.optional(),
    allowPlainHttp: z.boolean().default(false),
    timeoutSeconds: wholeNumber(1, TIMEOUT_SECONDS_MAX).default(TIMEOUT_SECONDS),
  })
  .superRefine(({ url, allowPlainHttp, caRef }, ctx) => {
    const isPlain = URL.canParse(url) && new URL(url).protocol === 'http:';
    if (isPlain && !allowPlainHttp) {
      refuse(ctx, 'is not encrypted: use https, or say allowPlainHttp: true', ['url']);
    }
    if (isPlain && caRef !== undefined) refuse(ctx, 'is for https alone', ['caRef']);
  })
  .transform(({ type, url, secretRef, caRef, timeoutSeconds }): AclDriverSpec => {
    return { type, url, secretRef, caRef: caRef ?? null, timeoutSeconds };
  });

/** The type first, so that a wrong one is told as such and not as a list of missing fields. */
export const aclDriver = z
  .looseObject({ type: choice(['Manual', 'Webhook']) })
  .pipe(z.discriminatedUnion('type', [manual, webhook]));
