/** One `berth run ROLE` as a real process: started, killed, stopped and asked how it is. */
import { answerOf } from '../../infra/demo/console-client.ts';
import { CLI } from '../../infra/demo/control.ts';
import type { DemoProcess, StartProcess } from '../../infra/demo/stage.ts';

export interface RoleProcess {
  readonly name: string;
  /** `nodeArgs`: of Node, before the program. */
  start(nodeArgs?: readonly string[]): Promise<void>;
  /** SIGKILL. It stays down until it is started. */
  kill(): Promise<void>;
  /** SIGTERM: in order. */
  stop(): Promise<void>;
  /** SIGSTOP, SIGCONT. */
  pause(): void;
  resume(): void;
  /** It ended, by whatever. */
  readonly exited: Promise<unknown>;
  isRunning(): boolean;
  isReady(): Promise<boolean>;
  /** Of one without labels; null: it does not answer, or has none. */
  metric(name: string): Promise<number | null>;
}

export interface RoleInit {
  readonly name: string;
  readonly role: string;
  readonly options: readonly string[];
  /** Where its socket and log file go. */
  readonly folder: string;
}

export function roleProcess(
  { name, role, options, folder }: RoleInit,
  startProcess: StartProcess,
): RoleProcess {
  const socket = `${folder}/${name}.sock`;
  const logFile = `${folder}/${name}.log`;
  const own = ['--name', name, '--metrics', `unix:${socket}`, '--log-file', logFile];
  let running: DemoProcess | null = null;

  async function end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const ending = running;
    running = null;
    await ending?.stop(signal);
  }

  return {
    name,
    start: async (nodeArgs = []) => {
      const args = [...nodeArgs, CLI, 'run', role, ...options, ...own];
      const started = await startProcess('control', args, logFile);
      running = started;
      void started.exited.then(() => {
        if (running === started) running = null;
      });
    },
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    pause: () => running?.signal('SIGSTOP'),
    resume: () => running?.signal('SIGCONT'),
    get exited() {
      return running?.exited ?? Promise.resolve();
    },
    isRunning: () => running !== null,
    isReady: async () => (await answerOf(socket, '/readyz')) !== null,
    metric: async (metric) => {
      const text = await answerOf(socket, '/metrics');
      const line = text?.split('\n').find((each) => each.startsWith(`${metric} `));
      return line === undefined ? null : Number(line.slice(metric.length + 1));
    },
  };
}
