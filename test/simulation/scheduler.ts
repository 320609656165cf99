/**
 * Simulated time: tasks in order of their due time, each the property of a life (one incarnation
 * of a process). A life that ended runs nothing any more: what it awaited never comes, which is
 * what SIGKILL is. A paused life runs late, in order. Between two tasks every promise that can
 * settle has settled, so a schedule is a sequence of tasks and nothing else.
 */
import type { Clock } from '../../services/runtime/clock.ts';

export interface Life {
  readonly name: string;
  alive: boolean;
  /** Until then its tasks wait. */
  pausedUntilMs: number;
  /** Until then it hears nothing new of the log, but goes on with all else. */
  lagsUntilMs: number;
  /** Called when it ends: what others notice of it. */
  readonly onEnd: Set<() => void>;
}

export interface Scheduler {
  readonly nowMs: number;
  /** Tasks that have run. */
  readonly steps: number;
  /** Answers how to cancel it. */
  later(life: Life, delayMs: number, run: () => void): () => void;
  clockOf(life: Life): Clock;
  /** Every task that falls due until then, in order. Stops early when `afterEach` says so. */
  runUntil(endMs: number, afterEach: () => boolean): Promise<void>;
}

interface Task {
  atMs: number;
  readonly order: number;
  readonly life: Life;
  readonly run: () => void;
  cancelled: boolean;
}

export function newLife(name: string): Life {
  return { name, alive: true, pausedUntilMs: 0, lagsUntilMs: 0, onEnd: new Set() };
}

/** SIGKILL: nothing of it runs any more. */
export function endLife(life: Life): void {
  if (!life.alive) return;
  life.alive = false;
  for (const notice of life.onEnd) notice();
}

export function createScheduler(startMs: number): Scheduler {
  const heap = createHeap();
  let nowMs = startMs;
  let orders = 0;
  let steps = 0;

  function later(life: Life, delayMs: number, run: () => void): () => void {
    if (!life.alive) return () => undefined;
    const atMs = nowMs + Math.max(0, delayMs);
    const task: Task = { atMs, order: orders++, life, run, cancelled: false };
    heap.push(task);
    return () => {
      task.cancelled = true;
    };
  }

  return {
    get nowMs() {
      return nowMs;
    },
    get steps() {
      return steps;
    },
    later,
    clockOf: (life) => clockOver({ nowMs: () => nowMs, later: (ms, run) => later(life, ms, run) }),
    async runUntil(endMs, afterEach) {
      for (let task = heap.first(); task !== null && task.atMs <= endMs; task = heap.first()) {
        heap.pop();
        if (task.cancelled || !task.life.alive) continue;
        if (task.life.pausedUntilMs > task.atMs) {
          task.atMs = task.life.pausedUntilMs;
          heap.push(task);
          continue;
        }
        nowMs = task.atMs;
        steps += 1;
        task.run();
        await promisesSettled();
        if (afterEach()) return;
      }
      nowMs = endMs;
    },
  };
}

/** Microtasks all run before the next macrotask; nothing simulated waits for anything else. */
function promisesSettled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

interface TimeSource {
  nowMs(): number;
  later(ms: number, run: () => void): () => void;
}

function clockOver({ nowMs, later }: TimeSource): Clock {
  return {
    nowMs,
    after: (ms, call) => later(ms, call),
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted === true) {
          resolve();
          return;
        }
        const done = (): void => {
          cancel();
          signal?.removeEventListener('abort', done);
          resolve();
        };
        const cancel = later(ms, done);
        signal?.addEventListener('abort', done, { once: true });
      }),
  };
}

interface Heap {
  first(): Task | null;
  pop(): void;
  push(task: Task): void;
}

function createHeap(): Heap {
  const tasks: Task[] = [];
  const isBefore = (a: number, b: number): boolean => {
    const [left, right] = [tasks[a] as Task, tasks[b] as Task];
    return left.atMs === right.atMs ? left.order < right.order : left.atMs < right.atMs;
  };
  const swap = (a: number, b: number): void => {
    [tasks[a], tasks[b]] = [tasks[b] as Task, tasks[a] as Task];
  };

  function sink(from: number): void {
    for (let at = from; ; ) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < tasks.length && isBefore(child, least)) least = child;
      }
      if (least === at) return;
      swap(at, least);
      at = least;
    }
  }

  return {
    first: () => tasks[0] ?? null,
    pop() {
      const last = tasks.pop();
      if (last === undefined || tasks.length === 0) return;
      tasks[0] = last;
      sink(0);
    },
    push(task) {
      tasks.push(task);
      for (let at = tasks.length - 1; at > 0; ) {
        const parent = (at - 1) >> 1;
        if (!isBefore(at, parent)) return;
        swap(at, parent);
        at = parent;
      }
    },
  };
}
