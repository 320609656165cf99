/**
 * What ended a link, or kept it from coming up, as a log line's fields: with the code of the error
 * table wherever there is one. A hub that refuses says its code in the status; what is wrong with
 * the hub's certificate is known by OpenSSL's words, all that gRPC passes on of them.
 */

import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import { status } from '@grpc/grpc-js';
import { berthError, isBerthError } from '../contract/errors.ts';
import { certificateRefusal, HUB_NAME } from '../contract/link-names.ts';
import type { LogFields } from '../runtime/log.ts';

const CODE = /\bBERTH_[A-Z_]+\b/;

export function linkError(error: unknown): LogFields {
  const text = error instanceof Error ? error.message : String(error);
  const said = isBerthError(error) ? undefined : CODE.exec(text)?.[0];
  if (said !== undefined) return { code: said, error: text };
  const refused = certificateRefusal('the hub', text);
  if (!isUnavailable(error) || refused.code === 'BERTH_LINK_HANDSHAKE') return { error };
  return { error: refused };
}

/** The name that the hub's certificate must have, whatever address it was reached at. */
export function checkHubName(_host: string, certificate: PeerCertificate): Error | undefined {
  const wrong = checkServerIdentity(HUB_NAME, certificate);
  if (wrong === undefined) return undefined;
  const details = { peer: 'the hub', reason: wrong.message };
  return berthError('BERTH_LINK_CERTIFICATE_NAME', details, wrong);
}

function isUnavailable(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === status.UNAVAILABLE;
}
