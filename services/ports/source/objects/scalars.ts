/**
 * The scalars that objects are made of: names, addresses, CIDRs, numbers, and choices of which some
 * are not built yet. Each refuses with a code and a reason that says what would be right.
 */
import { z } from 'zod';
import { type Cidr, parseCidr } from '../../../contract/cidr.ts';
import { isBerthError } from '../../../contract/errors.ts';
import { type IpAddress, parseIp } from '../../../contract/ip-address.ts';
import { refuse, refuseWith } from './refusal.ts';

const SUBDOMAIN_MAX = 253;
const DNS_LABEL_MAX = 63;
const UID_MAX = 128;

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/** Name of most objects (RFC 1123 subdomain). */
export const subdomainName = z
  .string()
  .min(1)
  .max(SUBDOMAIN_MAX)
  .regex(SUBDOMAIN, 'may hold only a-z, 0-9, - and ., and must begin and end with a-z or 0-9');

/** Name of a namespace (RFC 1123 label). */
export const dnsLabelName = z
  .string()
  .min(1)
  .max(DNS_LABEL_MAX)
  .regex(DNS_LABEL, 'may hold only a-z, 0-9 and -, and must begin and end with a-z or 0-9');

export const uidText = z
  .string()
  .min(1)
  .max(UID_MAX)
  .regex(/^[\w.:-]+$/, 'may hold only letters, digits and . : _ -');

export const ipAddress = parsedText<IpAddress>(parseIp);
export const cidr = parsedText<Cidr>(parseCidr);

export function wholeNumber(from: number, to: number) {
  return z.int().min(from).max(to);
}

/** The API server writes some fields that have no value as ''. */
export function emptyIsNull<T>(schema: z.ZodType<T>) {
  return z
    .preprocess((value) => (value === '' ? null : value), schema.nullish())
    .transform((value) => value ?? null);
}

/** One of `have`; one of `later` is refused as not built yet. */
export function choice<const Have extends string>(
  have: readonly Have[],
  later: readonly string[] = [],
) {
  return z.string().transform((text, ctx): Have => {
    const found = have.find((one) => one === text);
    if (found !== undefined) return found;
    const possible = have.map((one) => `'${one}'`).join(' or ');
    const known = later.includes(text);
    refuse(
      ctx,
      known
        ? `'${text}' is not in this version of Berth yet; use ${possible}`
        : `must be ${possible}, not '${text.slice(0, DNS_LABEL_MAX)}'`,
    );
    return z.NEVER;
  });
}

/** A text that one of the contract's parsers takes; its coded error becomes the refusal. */
function parsedText<T extends string>(parse: (text: string) => T) {
  return z.string().transform((text, ctx): T => {
    try {
      return parse(text);
    } catch (error) {
      if (!isBerthError(error)) throw error;
      refuseWith(ctx, error.code, error.details as Record<string, string | number>);
      return z.NEVER;
    }
  });
}
