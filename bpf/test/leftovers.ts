/**
 * What a test run leaves behind when it is killed: named after its process, so that the next run
 * can tell, and remove it.
 */
import { existsSync } from 'node:fs';

/** `berth-test-PID-N`, in one process never the same twice. */
export function ownName(): string {
  count += 1;
  return `${PREFIX}${process.pid}-${count}`;
}

let count = 0;

/** Those of these names whose process is gone. */
export function leftovers(names: readonly string[]): string[] {
  return names.filter((name) => {
    const [, pid] = OWNED.exec(name) ?? [];
    return pid !== undefined && !existsSync(`/proc/${pid}`);
  });
}

const PREFIX = 'berth-test-';
const OWNED = new RegExp(`^${PREFIX}(\\d+)-`);
