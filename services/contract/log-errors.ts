/** Errors of the log, whatever it lies on: each tells whether an append may be there. */
import {
  type ErrorRow,
  EXIT_ENVIRONMENT,
  EXIT_INPUT,
  EXIT_INTERNAL,
  EXIT_UNAVAILABLE,
  row,
} from './error-row.ts';

export const LOG_ERRORS = {
  BERTH_LOG_IN_USE: row(
    'backoff',
    EXIT_ENVIRONMENT,
    '{path} is in use by process {pid}.',
    'One process owns a data folder; stop that one first.',
  ),
  BERTH_LOG_PARTITIONS: row(
    'never',
    EXIT_ENVIRONMENT,
    'the log has {have} partitions, the configuration says {want}.',
    'The count is fixed when the log is made; use the old one.',
  ),
  BERTH_LOG_BAD_ENTRY: row('never', EXIT_INTERNAL, 'entry {index} cannot be appended: {reason}.'),
  BERTH_LOG_OVERLOADED: row(
    'backoff',
    EXIT_UNAVAILABLE,
    '{waiting} entries wait to be written to the log.',
    'The disk is slower than what is appended.',
  ),
  BERTH_LOG_UNREADABLE: row(
    'never',
    EXIT_ENVIRONMENT,
    '{path} cannot be opened: {reason}.',
    'Take another data folder, or repair this one.',
  ),
  BERTH_LOG_WRITE: row(
    'backoff',
    EXIT_ENVIRONMENT,
    'the log could not be written: {reason}.',
    'Whether the entries are there is not known; append the same ones again.',
  ),
  BERTH_LOG_CLOSED: row('never', EXIT_INTERNAL, 'the log is closed.'),
  BERTH_LOG_MOVED: row(
    'never',
    EXIT_ENVIRONMENT,
    'this log was moved: it goes on as generation {generation} in {to}.',
    'Start everything on that one; nothing is decided or pushed from here any more.',
  ),
  BERTH_LOG_UNFINISHED: row(
    'backoff',
    EXIT_UNAVAILABLE,
    'this log is a copy (generation {generation}) that has not ended.',
    'Wait for `berth log copy`; if that died, empty this log, or take another, and copy again.',
  ),
  BERTH_COPY_CUT_SOURCE: row(
    'never',
    EXIT_ENVIRONMENT,
    'the log cannot be copied: partition {partition} is deleted up to offset {start}.',
    'A copy needs the whole history; put the archived records back first.',
  ),
  BERTH_COPY_NO_SOURCE: row(
    'never',
    EXIT_INPUT,
    'there is no log in {place}.',
    'Name the folder of `berth up`, or the broker and prefix of the log that is to be moved.',
  ),
  BERTH_COPY_SOURCE_GROWS: row(
    'backoff',
    EXIT_ENVIRONMENT,
    'the log cannot be copied while it grows: partition {partition} of {topic} went on to {end}.',
    'Stop all of Berth but the agents, then copy again, into an empty log.',
  ),
  BERTH_COPY_TARGET_NOT_EMPTY: row(
    'never',
    EXIT_ENVIRONMENT,
    'the log cannot be copied to {place}: its {topic} has records already.',
    'A copy that died is not gone on with: empty that log, or take another folder or prefix.',
  ),
  BERTH_COPY_TARGET_GROWS: row(
    'never',
    EXIT_ENVIRONMENT,
    'somebody else writes to {place} ({topic}, partition {partition}): the copy is given up.',
    'Nothing may run on the new log before the copy has ended; empty it and copy again.',
  ),
  BERTH_COPY_DIFFERS: row(
    'never',
    EXIT_INTERNAL,
    'the copy is not the log: {aggregate} has another state there. It was not ended.',
    'Keep both, and report it; the old log is as it was, but sealed.',
  ),
  BERTH_LOG_OFFSET_GONE: row(
    'refetch',
    EXIT_INTERNAL,
    'offset {offset} of {topic}, partition {partition}, is gone: the log begins at {start}.',
    'Start from checkpoints.',
  ),
  BERTH_LOG_NOT_COMMITTED: row(
    'backoff',
    EXIT_UNAVAILABLE,
    'offsets of group {group} were not taken: {reason}.',
    'It is a hint, and tried again; a group that changes, or has other members, takes none.',
  ),
  BERTH_LOG_UNREACHABLE: row(
    'backoff',
    EXIT_UNAVAILABLE,
    'the log at {brokers} does not answer: {reason}.',
    'What runs goes on with what it has, and tries again by itself.',
  ),
  BERTH_LOG_LOGIN: row(
    'never',
    EXIT_ENVIRONMENT,
    'the log at {brokers} refuses the login: {reason}.',
    'Compare user, password and mechanism with what the broker has.',
  ),
  BERTH_LOG_TLS: row(
    'never',
    EXIT_ENVIRONMENT,
    'the log at {brokers} cannot be trusted, or does not trust us: {reason}.',
    'Compare the CA, the name in the certificate of the broker, and our own certificate.',
  ),
  BERTH_LOG_DENIED: row(
    'never',
    EXIT_ENVIRONMENT,
    'the log at {brokers} denies it: {reason}.',
    'The rights that each role needs are in docs/distributed.md.',
  ),
  BERTH_LOG_TOPIC: row(
    'never',
    EXIT_ENVIRONMENT,
    'topic {topic} would lose or reorder history: {reason}.',
    '{remedy}',
  ),
} as const satisfies Readonly<Record<string, ErrorRow>>;
