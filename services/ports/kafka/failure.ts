/**
 * What a failure of the Kafka client means, as an error of our table: a total function. Whoever
 * catches one decides by `again` whether time alone may cure it.
 */
import { type BerthError, berthError, isBerthError } from '../../contract/errors.ts';

const CAUSES_MAX = 5;

/** Of OpenSSL and Node: whose certificate is not believed, or ours was not. */
const TLS_CODE = /^(ERR_(TLS|SSL|OSSL)|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH)/;
const LOGIN_NAME = 'KafkaJSSASLAuthenticationError';
const LOGIN_TYPES: readonly string[] = ['SASL_AUTHENTICATION_FAILED', 'ILLEGAL_SASL_STATE'];
const DENIED_TYPES: readonly string[] = [
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
];

interface Facts {
  readonly names: readonly string[];
  readonly types: readonly string[];
  readonly codes: readonly string[];
  readonly reason: string;
}

/** `brokers`: for the reader of the message. */
export function asBerthError(error: unknown, brokers: readonly string[]): BerthError {
  if (isBerthError(error)) return error;
  const { names, types, codes, reason } = factsOf(error);
  const details = { brokers: brokers.join(','), reason };
  if (names.includes(LOGIN_NAME) || types.some((type) => LOGIN_TYPES.includes(type))) {
    return berthError('BERTH_LOG_LOGIN', details, error);
  }
  if (codes.some((code) => TLS_CODE.test(code))) return berthError('BERTH_LOG_TLS', details, error);
  if (types.some((type) => DENIED_TYPES.includes(type))) {
    return berthError('BERTH_LOG_DENIED', details, error);
  }
  return berthError('BERTH_LOG_UNREACHABLE', details, error);
}

/** The broker's name for what it refused, such as `NOT_LEADER_FOR_PARTITION`; null: it is none. */
export function refusalOf(error: unknown): string | null {
  return factsOf(error).types[0] ?? null;
}

function factsOf(error: unknown): Facts {
  const names: string[] = [];
  const types: string[] = [];
  const codes: string[] = [];
  let reason = '';
  let next: unknown = error;
  for (let depth = 0; depth < CAUSES_MAX && next instanceof Error; depth += 1) {
    const each: Error & Readonly<Record<string, unknown>> = next as never;
    names.push(each.name);
    if (typeof each['type'] === 'string') types.push(each['type']);
    if (typeof each['code'] === 'string') codes.push(each['code']);
    reason = each.message;
    next = each.cause ?? each['originalError'];
  }
  return { names, types, codes, reason: reason === '' ? String(error) : reason };
}
