/** A problem on one line says file, line, field, code and what to do. */
import { expect, test } from 'vitest';
import { berthError } from '../../contract/errors.ts';
import { fieldRefusal } from './objects/refusal.ts';
import { describeProblem, problemOf, problemOfRefusal } from './problem.ts';

const PLACE = { file: 'shop/pool.yaml', line: 12 };

test('the field is named once, whether or not the message has it', () => {
  const refusal = fieldRefusal(['spec', 'targets', 1, 'ports'], 'is missing');
  expect(describeProblem(problemOfRefusal(refusal, PLACE))).toBe(
    'shop/pool.yaml:12: BERTH_INPUT_FIELD: spec.targets[1].ports: is missing.',
  );
  const error = berthError('BERTH_INPUT_CIDR_HOST_BITS', { value: 'a', network: 'b' });
  expect(describeProblem(problemOf(error, PLACE, 'spec.cidrs[0]'))).toBe(
    "shop/pool.yaml:12: spec.cidrs[0]: BERTH_INPUT_CIDR_HOST_BITS: 'a' has bits behind its " +
      'prefix. Did you mean b?',
  );
});

test('where the whole file is meant there is no line', () => {
  const error = berthError('BERTH_INPUT_UNREADABLE', { path: 'a', reason: 'EACCES' });
  expect(describeProblem(problemOf(error, { file: 'a', line: null }))).toMatch(/^a: BERTH_INPUT_U/);
});
