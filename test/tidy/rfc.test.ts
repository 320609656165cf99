/** Tidy: the page on RFCs cannot claim what no test proves; the check lists the tests for it. */
import { expect, test } from 'vitest';
import { faultsOf } from '../rfc/page.ts';
import type { Requirement } from '../rfc/requirement.ts';

const LISTED = 'listed';
const FILE = 'test/fold/mapper-rules.test.ts';

const answer: Requirement = {
  number: 'REQ-1',
  demand: 'x',
  verdict: 'yes',
  reason: 'so',
  proof: [{ suite: 'fold', name: LISTED }],
};

function faults(requirements: readonly Requirement[]): readonly string[] {
  const rfc = { rfc: 1, title: 'x', requirements };
  return faultsOf([rfc], { 1: ['REQ-1'] }, (file) => new Set(file === FILE ? [LISTED] : []));
}

test('a demand that is answered with a listed test is no fault', () => {
  expect(faults([answer])).toEqual([]);
  expect(faults([{ ...answer, proof: 'absent' }])).toEqual([]);
});

test.each([
  ['a demand without an answer', []],
  ['one that is answered twice', [answer, answer]],
  ['one that nobody asked', [answer, { ...answer, number: 'REQ-2' }]],
  ['a yes without a test', [{ ...answer, proof: [] }]],
  ['a test that is not listed', [{ ...answer, proof: [{ suite: 'fold', name: 'gone' }] }]],
  ['a suite that is not run', [{ ...answer, proof: [{ suite: 'blocks', name: LISTED }] }]],
  ['an answer without a reason', [{ ...answer, reason: '' }]],
] as [string, Requirement[]][])('%s is a fault', (_what, requirements) => {
  expect(faults(requirements)).toHaveLength(1);
});
