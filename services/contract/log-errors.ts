/** Errors of the log, whatever it lies on: each tells whether an append may be there. */
import {
  type ErrorRow,
  EXIT_ENVIRONMENT,
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
  BERTH_LOG_OFFSET_GONE: row(
    'refetch',
    EXIT_INTERNAL,
    'offset {offset} of {topic}, partition {partition}, is gone: the log begins at {start}.',
    'Start from checkpoints.',
  ),
} as const satisfies Readonly<Record<string, ErrorRow>>;
