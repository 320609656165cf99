/**
 * A process for tests to kill: runs a script of ours under this Node, gives its lines as they
 * come, and is gone after the test. What it writes is what it had acknowledged by then.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface CrashingProcess {
  readonly pid: number;
  /** Complete lines so far; all of them once it has ended. */
  readonly lines: readonly string[];
  /** Ends when it has written so many lines; throws if it ends before. */
  linesWritten(count: number): Promise<void>;
  /** SIGKILL, then waits until it is gone and all that it wrote was read. */
  kill(): Promise<void>;
  /** Waits for its own end. */
  ended(): Promise<void>;
}

export function startCrashing(script: string, args: readonly string[]): CrashingProcess {
  const child = spawn(process.execPath, [script, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines: string[] = [];
  const waiters = new Set<() => void>();
  const reader = createInterface({ input: child.stdout });
  const wake = (): void => {
    for (const waiter of [...waiters]) waiter();
  };
  let over = false;
  reader.on('line', (line) => {
    lines.push(line);
    wake();
  });
  const ended = Promise.all([once(child, 'close'), once(reader, 'close')]).then(() => {
    over = true;
    wake();
  });

  return {
    pid: child.pid ?? -1,
    lines,
    linesWritten: (count) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (lines.length < count && !over) return;
          waiters.delete(check);
          if (lines.length >= count) resolve();
          else reject(new Error(`${script} ended after ${lines.length} lines of ${count}`));
        };
        waiters.add(check);
        check();
      }),
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
    ended: () => ended,
  };
}
