/** Refused input is counted, and said in bounded records. */
import { expect, test } from 'vitest';
import { createRefusedInput } from './refused-input.ts';

function refuse(count: number, message = 'wrong') {
  const input = createRefusedInput();
  for (let line = 1; line <= count; line += 1) {
    input.add({ file: 'pods.yaml', line, field: null, code: 'BERTH_INPUT_FIELD', message });
  }
  return [...input.speaker.news()];
}

test('each is said once, numbered from 1', () => {
  const said = refuse(2);
  expect(said.map(({ word }) => word)).toEqual([
    { type: 'RefusedInput', number: 1, text: 'pods.yaml:1: wrong' },
    { type: 'RefusedInput', number: 2, text: 'pods.yaml:2: wrong' },
  ]);
});

test('of very much the newest hundred are said, in the places of the older ones', () => {
  const said = refuse(1_234);
  expect(said.map(({ word }) => 'number' in word && word.number)).toEqual(
    Array.from({ length: 100 }, (_, index) => 1_135 + index),
  );
  expect(new Set([...said, ...refuse(150)].map(({ part }) => part)).size).toBe(100);
});

test('a long text is cut', () => {
  const [said] = refuse(1, 'x'.repeat(1_000_000));
  expect(JSON.stringify(said).length).toBeLessThan(3_000);
});
