/** The life of a process, with events and an exit of the test's own. */
import { EventEmitter } from 'node:events';
import { beforeEach, expect, test } from 'vitest';
import { keepingLog } from '../../test/log-lines.ts';
import { manualClock } from '../../test/simulation/manual-clock.ts';
import { berthError } from '../contract/errors.ts';
import { exitCodeOf, type Main, runMain } from './life-cycle.ts';

const clock = manualClock();
let log = keepingLog();
let events: EventEmitter & { exit(code: number): void };
let exits: number[];

beforeEach(() => {
  log = keepingLog();
  exits = [];
  events = Object.assign(new EventEmitter(), {
    exit: (code: number) => {
      exits.push(code);
    },
  });
});

const run = (main: Main) =>
  runMain(main, { clock, log, process: events }, { stopTimeoutMs: 9_000 });

const untilStopped: Main = (stop) =>
  new Promise((resolve) => {
    stop.addEventListener('abort', () => resolve());
  });

test('ends with 0 when main ends, and leaves no listener and no timer', async () => {
  await run(async () => undefined);
  expect(exits).toEqual([0]);
  expect(events.eventNames()).toEqual([]);
  expect(clock.waiting()).toBe(0);
});

test.each(['SIGINT', 'SIGTERM'])('%s asks main to stop, and it ends with 0', async (signal) => {
  const ended = run(untilStopped);
  events.emit(signal, signal);
  await ended;
  expect(exits).toEqual([0]);
  expect(clock.waiting()).toBe(0);
});

test('ends with the exit code of the table when main throws, and logs it', async () => {
  const error = berthError('BERTH_CONFIG_BAD', { field: 'node', reason: 'missing' });
  await run(() => Promise.reject(error));
  expect(exits).toEqual([2]);
  expect(log.lines).toEqual([{ level: 'error', fields: { error }, message: 'the process failed' }]);
});

test('an error that is not of the table is an internal one', () => {
  expect(exitCodeOf(new Error('?'))).toBe(70);
  expect(exitCodeOf('?')).toBe(70);
});

test('waits no longer than its bound for main to stop', async () => {
  const ended = run(() => new Promise(() => {}));
  events.emit('SIGTERM', 'SIGTERM');
  clock.advance(9_000);
  await ended;
  expect(exits).toEqual([70]);
  expect(log.lines.at(-1)?.fields.error).toMatchObject({ code: 'BERTH_RUNTIME_STOP_TIMEOUT' });
});

test('a second signal ends the process at once', async () => {
  const ended = run(() => new Promise(() => {}));
  events.emit('SIGINT', 'SIGINT');
  events.emit('SIGINT', 'SIGINT');
  await ended;
  expect(exits).toEqual([130]);
});

test.each(['uncaughtException', 'unhandledRejection'])(
  '%s stops main in order, and its exit code wins',
  async (event) => {
    let stoppedInOrder = false;
    const ended = run(async (stop) => {
      await untilStopped(stop);
      stoppedInOrder = true;
    });
    const error = berthError('BERTH_LOG_CLOSED', {});
    events.emit(event, error);
    events.emit(event, new Error('in its wake'));
    await ended;
    expect(stoppedInOrder).toBe(true);
    expect(exits).toEqual([exitCodeOf(error)]);
    expect(log.lines.map(({ fields }) => fields.error)).toContain(error);
  },
);
