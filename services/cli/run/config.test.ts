/** `berth run` is refused before anything starts, with what is missing and for whom. */
import { describe, expect, test } from 'vitest';
import { isBerthError } from '../../contract/errors.ts';
import { parseRunConfig } from './config.ts';

const KAFKA = { kafka: 'k1:9092' };

function refusalOf(roles: readonly string[], given: object): unknown {
  try {
    parseRunConfig(roles, given);
    return null;
  } catch (error) {
    return isBerthError(error) && error.code === 'BERTH_CONFIG_BAD' ? error.details : error;
  }
}

describe('what a role needs', () => {
  test.each([
    ['watcher', {}, '--manifests, --recording', 'the watcher needs one of them'],
    [
      'watcher',
      { manifests: 'a', recording: 'b' },
      '--manifests, --recording',
      'the watcher needs one of them',
    ],
    ['mapper', {}, '--redis', 'the mapper needs it'],
    ['courier', {}, '--redis', 'the courier needs it'],
    ['hub', { listen: '0.0.0.0:7443' }, '--certificates', 'the hub needs it'],
    ['hub', { certificates: 'tls' }, '--listen', 'the hub needs it'],
    ['console', {}, '--socket', 'the console needs it'],
  ])('is said of %s with %o', (role, given, field, reason) => {
    expect(refusalOf([role], { ...KAFKA, ...given })).toEqual({ field, reason });
  });

  test('is asked for every role that is named', () => {
    const given = { ...KAFKA, redis: 'redis://r1:6379' };
    expect(refusalOf(['mapper', 'courier'], given)).toBeNull();
    expect(refusalOf(['mapper', 'hub'], given)).toMatchObject({ field: '--listen' });
  });
});

test('a role that there is not is told with those that there are', () => {
  expect(refusalOf(['maper'], KAFKA)).toEqual({
    field: 'role',
    reason: "'maper' is none of watcher, mapper, courier, hub, janitor, console",
  });
});

test.each([
  [['mapper', 'mapper'], { redis: 'redis://r' }, 'role'],
  [['console'], { kafka: undefined, socket: 's' }, 'kafka'],
  [['console'], { kafka: 'k1', socket: 's' }, 'kafka[0]'],
  [['console'], { kafka: 'k1:9092,k2:99999', socket: 's' }, 'kafka[1]'],
  [['mapper'], { redis: 'localhost:6379' }, 'redis'],
  [['console'], { socket: 's', prefix: 'a b' }, 'prefix'],
  [['console'], { socket: 's', metrics: '9464' }, 'metrics'],
])('%o with %o is refused', (roles, given, field) => {
  expect(refusalOf(roles, { ...KAFKA, ...given })).toMatchObject({ field });
});

test('brokers are a list, and the rest has its defaults', () => {
  const config = parseRunConfig(['console'], { kafka: 'k1:9092, k2:9092', socket: 's' });
  expect(config).toEqual({
    roles: ['console'],
    kafka: ['k1:9092', 'k2:9092'],
    prefix: 'berth',
    socket: 's',
  });
});

test('only roles that may sleep are driven by events', () => {
  const given = { ...KAFKA, redis: 'redis://r1:6379', trigger: 'http=127.0.0.1:8080' };
  expect(parseRunConfig(['mapper', 'courier'], given).trigger).toBe('http=127.0.0.1:8080');
  expect(() => parseRunConfig(['mapper', 'watcher'], { ...given, manifests: 'm' })).toThrow(
    expect.objectContaining({ code: 'BERTH_TRIGGER_SERVICE', details: { name: 'the watcher' } }),
  );
  expect(refusalOf(['mapper'], { ...given, trigger: '127.0.0.1:8080' })).toMatchObject({
    field: 'trigger',
  });
});
