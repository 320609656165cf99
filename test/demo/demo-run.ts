/**
 * The real command as a child, as a user or a script would run it: with its own folder for
 * temporary files, and a mark in its environment that everything inherits which it starts, so that
 * whatever is left of it can be found.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, vi } from 'vitest';
import { runRoot } from '../../infra/lab/plan.ts';
import { startTimeOf } from '../../infra/lab/process-table.ts';
import { leftoversOf } from '../../infra/lab/testing/leftovers.ts';

const MAIN = [fileURLToPath(new URL('../../infra/demo/main.ts', import.meta.url))];
/** What `npm run demo` runs. */
export const BOOT = [fileURLToPath(new URL('../../boot.mjs', import.meta.url)), 'demo'];
const MARK = 'BERTH_TEST_DEMO';
const LOOK_MS = 5;
const UNTIL_MS = 40_000;

export interface DemoRun {
  readonly pid: number;
  readonly output: string;
  /** Exit code; null: by a signal. */
  readonly exited: Promise<number | null>;
  /** The output has this. @throws when it never comes, or the demo ends before */
  until(text: string | RegExp): Promise<void>;
  /** Ids of the labs that it has made. */
  readonly labs: ReadonlySet<string>;
  kill(signal: NodeJS.Signals): void;
  /** Nobody reads its output any more. */
  closeOutput(): void;
  /** Of its processes, namespaces, mounts and folders, in words. */
  leftovers(): Promise<readonly string[]>;
  untilNothingIsLeft(): Promise<void>;
}

/** `folder`: of this run alone. */
export async function startDemo(
  folder: string,
  args: readonly string[],
  command: readonly string[] = MAIN,
): Promise<DemoRun> {
  const temporary = join(folder, 'tmp');
  await mkdir(temporary, { recursive: true });
  const { BERTH_STARTED_BY: _, ...inherited } = process.env;
  const env = { ...inherited, TMPDIR: temporary, [MARK]: folder };
  const child = spawn(process.execPath, [...command, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const run = { output: '', hasEnded: false };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      run.output += text;
    });
  }
  const exited = once(child, 'exit').then(([code]: (number | null)[]) => {
    run.hasEnded = true;
    return code ?? null;
  });
  const labs = watchLabs(child);

  async function leftovers(): Promise<readonly string[]> {
    const ofLabs = await Promise.all([...labs].map(leftoversOf));
    return [...ofLabs.flat(), ...(await markedProcesses(folder)), ...(await readdir(temporary))];
  }

  return {
    pid: child.pid ?? 0,
    get output() {
      return run.output;
    },
    exited,
    labs,
    until: async (text) => {
      await vi.waitUntil(
        () => {
          if (run.output.search(text) >= 0) return true;
          if (run.hasEnded) throw new Error(`it ended before '${text}':\n${run.output}`);
          return false;
        },
        { timeout: UNTIL_MS, interval: LOOK_MS },
      );
    },
    kill: (signal) => child.kill(signal),
    closeOutput: () => {
      child.stdout.destroy();
      child.stderr.destroy();
    },
    leftovers,
    untilNothingIsLeft: () =>
      vi.waitFor(async () => expect(await leftovers()).toEqual([]), {
        timeout: UNTIL_MS,
        interval: 50,
      }),
  };
}

/** By the owner that each lab's folder names; looked for while the demo lives. */
function watchLabs(child: ChildProcess): ReadonlySet<string> {
  const labs = new Set<string>();
  const timer = setInterval(async () => {
    for (const id of await readdir(runRoot()).catch(() => [])) {
      const owner = await readFile(join(runRoot(), id, 'owner.json'), 'utf8').catch(() => '');
      if (owner.includes(`"pid":${child.pid},`)) labs.add(id);
    }
  }, LOOK_MS);
  child.once('exit', () => clearInterval(timer));
  return labs;
}

async function markedProcesses(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of await readdir('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || (await startTimeOf(pid)) === null) continue;
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    if (!environment.split('\0').includes(`${MARK}=${folder}`)) continue;
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    found.push(`process ${pid}: ${command.replaceAll('\0', ' ')}`);
  }
  return found;
}
