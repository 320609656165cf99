/**
 * Runs the cases of a port's conformance suite against one adapter: a fresh harness a case, torn
 * down whatever happens. An adapter may leave a case out only with a written reason, and only one
 * that there is.
 */
import { describe, expect, test } from 'vitest';

export interface ConformanceInit<Harness> {
  readonly setup: () => Promise<Harness>;
  readonly teardown: (harness: Harness) => Promise<void>;
  readonly skip?: readonly { readonly test: string; readonly reason: string }[];
}

/** By the policy that it holds, in present tense. */
export type ConformanceCases<Harness> = Readonly<
  Record<string, (harness: Harness) => Promise<void>>
>;

export function conformanceSuite<Harness>(
  name: string,
  init: ConformanceInit<Harness>,
  cases: ConformanceCases<Harness>,
): void {
  const skip = init.skip ?? [];
  describe(name, () => {
    for (const [title, body] of Object.entries(cases)) {
      test(title, async (context) => {
        const skipped = skip.find((each) => each.test === title);
        context.skip(skipped !== undefined, skipped?.reason);
        const harness = await init.setup();
        try {
          await body(harness);
        } finally {
          await init.teardown(harness);
        }
      });
    }
    test('leaves out only cases that there are', () => {
      expect(skip.map((each) => each.test).filter((title) => !(title in cases))).toEqual([]);
    });
  });
}
