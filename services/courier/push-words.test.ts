/** Whatever a courier learns of a target is said, once, and that it forgot one too. */
import { expect, test } from 'vitest';
import { berthError } from '../contract/errors.ts';
import { createPushStates } from './push-states.ts';
import { createPushWords } from './push-words.ts';

test('each push that ended is said with what came of it, and not twice', () => {
  const { states, speaker } = createPushWords(createPushStates({ nowMs: () => 0 }));
  let rings = 0;
  speaker.onNews(() => {
    rings += 1;
  });
  states.readBack('db', 5);
  states.succeeded('db', 6);
  states.failed('mq', berthError('BERTH_LOG_CLOSED', {}), 7);
  expect(rings).toBe(3);
  expect([...speaker.news()]).toMatchObject([
    { part: 'push/db', once: true, word: { target: 'db', push: { code: null, readBackAtMs: 5 } } },
    { part: 'push/mq', word: { target: 'mq', push: { code: 'BERTH_LOG_CLOSED', sinceMs: 7 } } },
  ]);
  expect([...speaker.news()]).toEqual([]);
});

test('a target that is the courier’s no more is taken back', () => {
  const { states, speaker } = createPushWords(createPushStates({ nowMs: () => 0 }));
  states.succeeded('db', 1);
  states.forget('db');
  expect([...speaker.news()]).toMatchObject([{ word: { target: 'db', push: null } }]);
});
