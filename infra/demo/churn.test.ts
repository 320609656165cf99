/** The churn is a plan: the same seed gives the same one, and no pod goes before it came. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planChurn } from './churn.ts';
import { seededRandom } from './seeded-random.ts';

const init = {
  run: 'r1',
  nodes: ['n1', 'n2', 'n3'],
  apps: [{ namespace: 'shop', app: 'checkout' }],
  pods: 24,
  replacements: 40,
};

test('the same seed gives the same plan, another seed another', () => {
  const plan = planChurn(init, seededRandom(7));
  expect(planChurn(init, seededRandom(7))).toEqual(plan);
  expect(planChurn(init, seededRandom(8))).not.toEqual(plan);
});

test('for any seed uids differ, the number of pods holds, and only live pods are deleted', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffffffff }), (seed) => {
      const { first, steps } = planChurn(init, seededRandom(seed));
      const live = new Set(first.map((pod) => pod.uid));
      const seen = new Set(live);
      expect(live.size).toBe(24);
      for (const step of steps) {
        if (step.do === 'delete') expect(live.delete(step.pod.uid)).toBe(true);
        else {
          expect(seen.has(step.pod.uid)).toBe(false);
          seen.add(step.pod.uid);
          live.add(step.pod.uid);
        }
      }
      expect(live.size).toBe(24);
      expect(seen.size).toBe(64);
    }),
    { numRuns: 50 },
  );
});
