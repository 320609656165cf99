/** What functions handled is noted beside them, once they have handled it. */
import { expect, test } from 'vitest';
import type { Entry } from '../ports/event-log/port.ts';
import { followProgress } from './consumer-progress.ts';
import {
  type BerthFunction,
  defineFunction,
  partitions,
  service,
  stream,
} from './define-function.ts';

const entry = (partition: number, offset: number): Entry => ({
  key: 'pools',
  value: {},
  partition,
  offset,
  timeMs: 0,
});
const never = new AbortController().signal;

function follow(batch: () => Promise<void> = async () => undefined) {
  const definition = defineFunction({
    name: 'reader',
    trigger: stream('berth.events', async () => ({ 0: 5 })),
    handler: { batch, caughtUp: async () => undefined },
  });
  const { functions, places } = followProgress([definition]);
  const [followed] = functions as [Extract<BerthFunction, { trigger: { kind: 'stream' } }>];
  return { followed, places };
}

test('knows nothing of a function that has not begun', () => {
  expect(follow().places()).toEqual([]);
});

test('begins where the function begins, and goes on as it handles', async () => {
  const { followed, places } = follow();
  expect(await followed.trigger.from()).toEqual({ 0: 5 });
  expect(places()).toEqual([
    { name: 'reader', topic: 'berth.events', partitions: null, next: { 0: 5 } },
  ]);
  await followed.handler.batch([entry(0, 5), entry(0, 6)], never);
  await followed.handler.batch([entry(3, 0)], never);
  expect(places()[0]?.next).toEqual({ 0: 7, 3: 1 });
});

test('what a batch threw at was not handled', async () => {
  const { followed, places } = follow(() => Promise.reject(new Error('no')));
  await followed.trigger.from();
  await expect(followed.handler.batch([entry(0, 5)], never)).rejects.toThrow('no');
  expect(places()[0]?.next).toEqual({ 0: 5 });
});

test('of partitions it names those that the function has, until they are taken away', async () => {
  const definition = defineFunction({
    name: 'mapper',
    trigger: partitions('berth.events', 'mapper'),
    handler: {
      assigned: () => undefined,
      take: async () => ({
        from: 7,
        batch: async () => undefined,
        caughtUp: async () => undefined,
      }),
    },
  });
  const { functions, places } = followProgress([definition]);
  const [followed] = functions as [Extract<BerthFunction, { trigger: { kind: 'partitions' } }>];
  expect(places()).toMatchObject([{ name: 'mapper', partitions: [], next: {} }]);
  const first = new AbortController();
  const reader = await followed.handler.take(2, first.signal);
  await followed.handler.take(3, never);
  await reader.batch([entry(2, 7)], first.signal);
  expect(places()).toMatchObject([{ partitions: [2, 3], next: { 2: 8, 3: 7 } }]);
  first.abort();
  await reader.batch([entry(2, 8)], first.signal);
  expect(places()).toMatchObject([{ partitions: [3], next: { 3: 7 } }]);
});

test('leaves functions of other kinds as they are', () => {
  const watch = defineFunction({ name: 'watch', trigger: service(), handler: async () => {} });
  expect(followProgress([watch]).functions).toEqual([watch]);
});
