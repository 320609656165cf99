/**
 * The last line of every run: `N passed, N failed, N skipped`, alone on its line and true.
 *
 * Errors of a suite, of an import and of a crashed worker count as failures; a test that was begun
 * and never ended too. A run in which nothing passed has failed (`vitest -t nothing` would pass).
 * Tests that were skipped are listed with their reason. When BERTH_TEST_TOTALS names a file, the
 * totals are appended there as a line of JSON, so that several suites can be added up.
 */
import { appendFileSync } from 'node:fs';
import type { Reporter, SerializedError, TestCase, TestModule, Vitest } from 'vitest/node';

interface Totals {
  passed: number;
  failed: number;
  skipped: number;
}

export default class ClosingLineReporter implements Reporter {
  readonly #totals: Totals = { passed: 0, failed: 0, skipped: 0 };
  readonly #skips: string[] = [];
  #isFiltered = false;
  #hasEnded = false;

  onInit(vitest: Vitest): void {
    this.#isFiltered = vitest.config.testNamePattern !== undefined;
    process.once('exit', () => this.#close());
  }

  onTestRunEnd(
    modules: readonly TestModule[],
    unhandledErrors: readonly SerializedError[],
    reason: 'passed' | 'interrupted' | 'failed',
  ): void {
    this.#hasEnded = true;
    for (const module of modules) this.#count(module);
    this.#totals.failed += unhandledErrors.length;
    // Whatever the runner holds against this run must show in the line.
    if (reason !== 'passed' && this.#totals.failed === 0) this.#totals.failed = 1;
  }

  #count(module: TestModule): void {
    this.#totals.failed += module.errors().length;
    for (const suite of module.children.allSuites()) this.#totals.failed += suite.errors().length;
    for (const test of module.children.allTests()) {
      const result = test.result();
      if (result.state === 'passed') this.#totals.passed += 1;
      else if (result.state !== 'skipped') this.#totals.failed += 1;
      else {
        this.#totals.skipped += 1;
        this.#skips.push(`${test.fullName}: ${result.note ?? reasonOf(test)}`);
      }
    }
  }

  #close(): void {
    const { passed, failed, skipped } = this.#totals;
    const hasFailed = failed > 0 || passed === 0 || !this.#hasEnded;
    if (hasFailed && !process.exitCode) process.exitCode = 1;
    const lines = this.#isFiltered ? [] : this.#skips.map((skip) => `skipped: ${skip}`);
    if (!this.#hasEnded) lines.push('the run broke off before its end');
    else if (passed === 0) lines.push('nothing passed, so the run has failed');
    const failures = hasFailed ? Math.max(failed, 1) : 0;
    lines.push(`${passed} passed, ${failures} failed, ${skipped} skipped`);
    process.stdout.write(`${lines.join('\n')}\n`);
    const file = process.env['BERTH_TEST_TOTALS'];
    if (file) appendFileSync(file, `${JSON.stringify({ passed, failed: failures, skipped })}\n`);
  }
}

/** A failed set-up skips its tests without a word. */
function reasonOf(test: TestCase): string {
  for (let above = test.parent; above.type === 'suite'; above = above.parent) {
    if (above.errors().length > 0) return 'its set-up failed';
  }
  return test.module.errors().length > 0 ? 'its set-up failed' : 'no reason given';
}
