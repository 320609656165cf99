/** Errors of functions that are driven by events over HTTP (`runtime/events/`). */
import {
  type ErrorRow,
  EXIT_ENVIRONMENT,
  EXIT_INPUT,
  EXIT_UNAVAILABLE,
  EXIT_USAGE,
  row,
} from './error-row.ts';

export const TRIGGER_ERRORS = {
  BERTH_TRIGGER_BAD_EVENT: row(
    'never',
    EXIT_INPUT,
    'the request is no CloudEvent that can be read: {reason}.',
    'POST CloudEvents 1.0 to /, in binary, structured or batched mode.',
  ),
  BERTH_TRIGGER_BEYOND_END: row(
    'backoff',
    EXIT_ENVIRONMENT,
    'event {id} is at offset {offset} of {topic}, partition {partition}, which ends at {end}.',
    'The gateway reads another log than this process: give both the same brokers and prefix.',
  ),
  BERTH_TRIGGER_BUSY: row(
    'backoff',
    EXIT_UNAVAILABLE,
    'as many events wait as may ({max}).',
    'Let the gateway deliver fewer at once, or start more instances.',
  ),
  BERTH_TRIGGER_LISTEN: row(
    'backoff',
    EXIT_ENVIRONMENT,
    'events cannot be received at {address}: {reason}.',
    'Name a free address (HOST:PORT).',
  ),
  BERTH_TRIGGER_NOT_OURS: row(
    'never',
    EXIT_INPUT,
    'event {id} of type {type} drives nothing here.',
    'Point the gateway at a topic that a function of this process reads, or post a job of its.',
  ),
  BERTH_TRIGGER_SERVICE: row(
    'never',
    EXIT_USAGE,
    '{name} works all the time and cannot be driven by events.',
    'Run it without --trigger, as a process that stays.',
  ),
  BERTH_TRIGGER_STOPPING: row(
    'backoff',
    EXIT_UNAVAILABLE,
    'the process stops; the event was not handled.',
    'The gateway delivers it again.',
  ),
  BERTH_TRIGGER_TIMEOUT: row(
    'backoff',
    EXIT_UNAVAILABLE,
    'the event was not handled within {waitedMs} ms; work on it goes on.',
    'The gateway delivers it again. If it happens all the time, see the consumer lag.',
  ),
  BERTH_TRIGGER_TOO_LARGE: row(
    'never',
    EXIT_INPUT,
    'the body of the request is longer than {max} bytes.',
    'Deliver fewer events a batch.',
  ),
} as const satisfies Record<string, ErrorRow>;
