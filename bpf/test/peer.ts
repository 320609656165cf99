/** Starts an end of a flow (peer-main.ts) in a namespace, and reads what it says. */
import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Order, Seen } from './peer-lines.ts';

export interface Peer {
  /** All lines so far. */
  readonly seen: readonly Seen[];
  /** The next line that is this event, from the first on; fails when the process ends without. */
  when(event: Seen['event'], matches?: (seen: Seen) => boolean): Promise<Seen>;
  /** Resolves when it ends. */
  ended(): Promise<void>;
  stop(): Promise<void>;
}

const MAIN = resolve(import.meta.dirname, 'peer-main.ts');

export function startServer(netns: string): Peer {
  return start(netns, ['server']);
}

export function startClient(netns: string, order: Partial<Order> & Pick<Order, 'host'>): Peer {
  const whole: Order = { protocol: 'tcp', port: 5432, bytes: 10, localPort: 0, ...order };
  return start(netns, ['client', JSON.stringify(whole)]);
}

function start(netns: string, args: readonly string[]): Peer {
  const child = spawn('nsenter', [`--net=${netns}`, process.execPath, MAIN, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const seen: Seen[] = [];
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const check of [...waiting]) check();
  };
  let isOver = false;
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    seen.push(JSON.parse(line));
    wake();
  });
  const over = Promise.all([onceClosed(lines), onceExited(child)]).then(() => {
    isOver = true;
    wake();
  });
  return {
    seen,
    when: (event, matches = () => true) =>
      new Promise((done, fail) => {
        const check = () => {
          const found = seen.find((one) => one.event === event && matches(one));
          if (found === undefined && !isOver) return;
          waiting.delete(check);
          if (found !== undefined) done(found);
          else fail(new Error(`no '${event}', but ${JSON.stringify(seen)}`));
        };
        waiting.add(check);
        check();
      }),
    ended: () => over,
    async stop() {
      child.kill('SIGKILL');
      await over;
    },
  };
}

function onceClosed(lines: ReturnType<typeof createInterface>): Promise<void> {
  return new Promise((done) => lines.once('close', done));
}

function onceExited(child: ChildProcess): Promise<void> {
  return new Promise((done) => child.once('exit', () => done()));
}
