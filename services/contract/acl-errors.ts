/** Errors of writing a target's ACL: each way in which its server may misbehave has a code. */
import {
  type ErrorRow,
  EXIT_ENVIRONMENT,
  EXIT_INTERNAL,
  EXIT_UNAVAILABLE,
  row,
} from './error-row.ts';

export const ACL_ERRORS = {
  BERTH_ACL_AHEAD: row(
    'refetch',
    EXIT_UNAVAILABLE,
    'target {target} has revision {there}, later than {revision}: nothing was written.',
    'Its set was written by a process that has read further, or from another data folder.',
  ),
  BERTH_ACL_ANSWER: row(
    'backoff',
    EXIT_UNAVAILABLE,
    'target {target}: the answer is no ACL: {reason}.',
    'See "An ACL server" in docs/operating.md.',
  ),
  BERTH_ACL_CONTENDED: row(
    'backoff',
    EXIT_UNAVAILABLE,
    'target {target}: its ACL was changed twice while it was being written.',
    'Let nobody but Berth write it.',
  ),
  BERTH_ACL_CONTENT_TYPE: row(
    'backoff',
    EXIT_UNAVAILABLE,
    "target {target}: the answer is of type '{contentType}', not application/json.",
    'Does something else answer under that URL?',
  ),
  BERTH_ACL_CUT_OFF: row(
    'backoff',
    EXIT_UNAVAILABLE,
    'target {target}: the answer ended after {bytes} bytes, before its end.',
  ),
  BERTH_ACL_LOST: row(
    'backoff',
    EXIT_UNAVAILABLE,
    'target {target} no longer has {addresses} in force, which it had confirmed.',
    'They are written again, and pods keep them: find out who else writes that ACL.',
  ),
  BERTH_ACL_NOT_IN_FORCE: row(
    'backoff',
    EXIT_UNAVAILABLE,
    'target {target} took revision {revision}, but says that other addresses are in force: ' +
      '{missing} missing, {strange} too many.',
    'Its ACL server must answer what is really in force; addresses that are missing stay unused.',
  ),
  BERTH_ACL_OTHER_REVISION: row(
    'backoff',
    EXIT_UNAVAILABLE,
    'target {target} took revision {revision}, but says that {there} is in force.',
    'Its ACL server must keep the revision of the set that is in force.',
  ),
  BERTH_ACL_REDIRECT: row(
    'backoff',
    EXIT_UNAVAILABLE,
    'target {target} answers with a redirect ({status}), which is not followed.',
    'Write the right URL into the AclTarget.',
  ),
  BERTH_ACL_REPORT_LOST: row(
    'backoff',
    EXIT_INTERNAL,
    'what target {target} says is in force was not taken by the log.',
    'Another courier reported at the same time; it is read again.',
  ),
  BERTH_ACL_SECRET: row(
    'backoff',
    EXIT_ENVIRONMENT,
    "target {target}: secret '{name}' cannot be used: {reason}.",
    'Put it into the folder that `berth up --secrets` names.',
  ),
  BERTH_ACL_STATUS: row(
    'backoff',
    EXIT_UNAVAILABLE,
    'target {target} answers {method} with {status}.',
    'Look into the log of its ACL server; 401 says that the signature was refused.',
  ),
  BERTH_ACL_TIMEOUT: row(
    'backoff',
    EXIT_UNAVAILABLE,
    'target {target} did not answer within {timeoutMs} ms.',
  ),
  BERTH_ACL_TOO_LARGE: row(
    'backoff',
    EXIT_UNAVAILABLE,
    'target {target}: the answer has more than {max} bytes.',
    'Does something else answer under that URL?',
  ),
  BERTH_ACL_UNREACHABLE: row(
    'backoff',
    EXIT_UNAVAILABLE,
    'target {target}: {host} cannot be reached: {reason}.',
  ),
} as const satisfies Record<string, ErrorRow>;
