/** A process is ready when its streams have read to the end and each of its roles works. */
import { expect, test } from 'vitest';
import {
  type BerthFunction,
  defineFunction,
  service,
  stream,
} from '../../runtime/define-function.ts';
import { readinessOf } from './readiness.ts';

const unread = { batch: async () => undefined, caughtUp: async () => undefined };

function streamNamed(name: string): BerthFunction {
  return defineFunction({
    name,
    trigger: stream('berth.events', async () => ({})),
    handler: unread,
  });
}

async function catchUp(definition: BerthFunction | undefined): Promise<void> {
  if (definition?.trigger.kind !== 'stream') throw new Error('no stream');
  await (definition.handler as typeof unread).caughtUp();
}

test('waits for each stream, by its name', async () => {
  const readiness = readinessOf(
    {
      mapper: { functions: [streamNamed('mapper')] },
      hub: { functions: [streamNamed('hub-events')] },
    },
    true,
  );
  expect(readiness.waitsFor()).toEqual([
    'mapper reads to the end of the log',
    'hub-events reads to the end of the log',
  ]);
  await catchUp(readiness.functions[0]);
  expect(readiness.waitsFor()).toEqual(['hub-events reads to the end of the log']);
  await catchUp(readiness.functions[1]);
  expect(readiness.waitsFor()).toEqual([]);
});

test('waits for a role that says that it does not work yet', () => {
  let works = false;
  const functions = [defineFunction({ name: 'w', trigger: service(), handler: async () => {} })];
  const readiness = readinessOf({ watcher: { functions, isReady: () => works } }, true);
  expect(readiness.functions).toEqual(functions);
  expect(readiness.waitsFor()).toEqual(['watcher does not work yet']);
  works = true;
  expect(readiness.waitsFor()).toEqual([]);
});

test('is not reached by a stream whose handler failed at the end', async () => {
  const failing = {
    ...unread,
    caughtUp: async () => {
      throw new Error('no');
    },
  };
  const trigger = stream('berth.events', async () => ({}));
  const functions = [defineFunction({ name: 'mapper', trigger, handler: failing })];
  const readiness = readinessOf({ mapper: { functions } }, true);
  await expect(catchUp(readiness.functions[0])).rejects.toThrow('no');
  expect(readiness.waitsFor()).toHaveLength(1);
});

test('does not wait for streams that wait for events', () => {
  const functions = [streamNamed('courier')];
  expect(readinessOf({ courier: { functions } }, true).waitsFor()).toHaveLength(1);
  expect(readinessOf({ courier: { functions } }, false).waitsFor()).toEqual([]);
});
