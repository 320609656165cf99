/**
 * Names in the certificates of the agent link, and what is wrong with one that is refused. A node
 * is a URI (berth://node/NAME), so that a certificate that was issued for something else, a server
 * of that name say, is never taken for it; the hub is the DNS name that TLS clients check.
 */
import { type BerthError, berthError } from './errors.ts';
import type { NodeName } from './identity.ts';

/** Never its address: a hub may move. */
export const HUB_NAME = 'berth-hub';

const NODE_PREFIX = 'berth://node/';
/** A Kubernetes object's name. */
const NODE_NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;

/** @throws BERTH_CONFIG_BAD for what is no node's name */
export function nodeUri(node: NodeName): string {
  if (!NODE_NAME.test(node)) {
    throw berthError('BERTH_CONFIG_BAD', { field: 'node', reason: `'${node}' is no node's name` });
  }
  return `${NODE_PREFIX}${node}`;
}

/** From all alternative names as Node prints them; null unless there is one alone, a node's. */
export function nodeOfCertificate(subjectAltName: string | undefined): NodeName | null {
  const prefix = `URI:${NODE_PREFIX}`;
  if (subjectAltName?.startsWith(prefix) !== true) return null;
  const name = subjectAltName.slice(prefix.length);
  return NODE_NAME.test(name) ? name : null;
}

/** What OpenSSL finds wrong with a chain: its code in Node, and its words. */
const VERIFY_ERRORS = [
  ['CERT_HAS_EXPIRED', /certificate has expired/, 'BERTH_LINK_CERTIFICATE_EXPIRED'],
  ['CERT_NOT_YET_VALID', /certificate is not yet valid/, 'BERTH_LINK_CERTIFICATE_NOT_YET_VALID'],
  ['INVALID_PURPOSE', /unsuitable certificate purpose/, 'BERTH_LINK_CERTIFICATE_PURPOSE'],
  ['SELF_SIGNED_CERT', /self.signed certificate/, 'BERTH_LINK_CERTIFICATE_UNKNOWN_CA'],
  ['CERT_SIGNATURE_FAILURE', /certificate signature fail/, 'BERTH_LINK_CERTIFICATE_UNKNOWN_CA'],
  ['UNABLE_TO_', /unable to (get|verify)/, 'BERTH_LINK_CERTIFICATE_UNKNOWN_CA'],
  ['WRONG_VERSION_NUMBER', /wrong version number|packet length too long/, 'BERTH_LINK_PLAINTEXT'],
] as const;

/** `peer`: who showed it. `reason`: a code or a text that Node gave. */
export function certificateRefusal(peer: string, reason: string): BerthError {
  const row = VERIFY_ERRORS.find(([code, words]) => reason.includes(code) || words.test(reason));
  const code = row?.[2] ?? 'BERTH_LINK_HANDSHAKE';
  return berthError(code, { peer, reason });
}
