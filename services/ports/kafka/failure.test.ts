/** Each way in which a broker or a connection fails has its code; what is none of these too. */
import { expect, test } from 'vitest';
import { berthError } from '../../contract/errors.ts';
import { errorOfCode } from './cluster.ts';
import { asBerthError, refusalOf } from './failure.ts';

const TOPIC_AUTHORIZATION_FAILED = 29;
const GROUP_AUTHORIZATION_FAILED = 30;
const NOT_LEADER = 6;
const SASL_AUTHENTICATION_FAILED = 58;

const coded = (code: string) => Object.assign(new Error('refused'), { code });
const named = (name: string) => Object.assign(new Error('refused'), { name });
const within = (cause: unknown) => Object.assign(new Error('tried five times'), { cause });

test.each([
  ['BERTH_LOG_DENIED', errorOfCode(TOPIC_AUTHORIZATION_FAILED)],
  ['BERTH_LOG_DENIED', within(errorOfCode(GROUP_AUTHORIZATION_FAILED))],
  ['BERTH_LOG_LOGIN', errorOfCode(SASL_AUTHENTICATION_FAILED)],
  ['BERTH_LOG_LOGIN', within(named('KafkaJSSASLAuthenticationError'))],
  ['BERTH_LOG_TLS', coded('SELF_SIGNED_CERT_IN_CHAIN')],
  ['BERTH_LOG_TLS', within(coded('UNABLE_TO_VERIFY_LEAF_SIGNATURE'))],
  ['BERTH_LOG_TLS', coded('ERR_TLS_CERT_ALTNAME_INVALID')],
  ['BERTH_LOG_TLS', coded('CERT_HAS_EXPIRED')],
  ['BERTH_LOG_TLS', coded('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED')],
  ['BERTH_LOG_UNREACHABLE', coded('ECONNREFUSED')],
  ['BERTH_LOG_UNREACHABLE', errorOfCode(NOT_LEADER)],
  ['BERTH_LOG_UNREACHABLE', 'a text'],
  ['BERTH_LOG_UNREACHABLE', undefined],
])('says %s', (code, error) => {
  expect(asBerthError(error, ['a:1', 'b:2'])).toMatchObject({
    code,
    details: { brokers: 'a:1,b:2' },
    cause: error,
  });
});

test('leaves an error of ours as it is', () => {
  const error = berthError('BERTH_LOG_CLOSED', {});
  expect(asBerthError(error, [])).toBe(error);
});

test('tells what a broker refused from what never reached it', () => {
  expect(refusalOf(within(errorOfCode(NOT_LEADER)))).toBe('NOT_LEADER_FOR_PARTITION');
  expect(refusalOf(coded('ECONNRESET'))).toBeNull();
});

test('an error that causes itself is told all the same', () => {
  const error = new Error('round');
  error.cause = error;
  expect(asBerthError(error, [])).toMatchObject({ details: { reason: 'round' } });
});
