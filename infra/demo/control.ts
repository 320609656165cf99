/**
 * What is above the agents, as the demo handles it: started, asked for its status, killed, started
 * again. Here it is one process, `berth up`; role-processes.ts is the other kind.
 */
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../services/runtime/clock.ts';
import { type ConsoleClient, createConsoleClient } from './console-client.ts';
import type { DemoProcess, StartProcess } from './stage.ts';
import { type ProcessStatus, type Supervised, type Supervisor, supervised } from './supervised.ts';

export const CLI = fileURLToPath(new URL('../../services/cli/main.ts', import.meta.url));

export interface ControlInit {
  readonly dataDir: string;
  readonly source: { readonly kind: 'manifests' | 'recording'; readonly path: string };
  readonly listen: string;
  readonly socket: string;
  readonly logFile: string;
  /** Folder of the files that AclTargets name. @default none */
  readonly secrets?: string | null;
  /** From when on its status counts. @default the beginning of its log */
  readonly sinceMs?: number;
}

export interface Control extends ConsoleClient {
  start(): Promise<void>;
  /** SIGKILL: nothing is said, nothing is flushed. */
  kill(): Promise<void>;
  readonly processes: () => readonly ProcessStatus[];
  /** Where each role is a process of its own. */
  readonly roles?: RoleProcesses;
}

export interface RoleProcess extends Supervised {
  readonly name: string;
  /** It has read to the end, and works. */
  isReady(): Promise<boolean>;
  /** A metric without labels, as it says now; null: it does not. */
  metric(name: string): Promise<number | null>;
}

/** The roles of which one can go while another stays. */
export interface RoleProcesses {
  readonly hubs: readonly RoleProcess[];
  readonly mappers: readonly RoleProcess[];
}

export function createControl(
  init: ControlInit,
  components: { readonly clock: Clock; readonly startProcess: StartProcess },
  supervisor: Supervisor | null = null,
): Control {
  const { clock, startProcess } = components;
  const args = [
    CLI,
    'up',
    '--data',
    init.dataDir,
    `--${init.source.kind}`,
    init.source.path,
    '--listen',
    init.listen,
    '--socket',
    init.socket,
    '--log-file',
    init.logFile,
    ...(init.secrets == null ? [] : ['--secrets', init.secrets]),
  ];
  const spawn = (): Promise<DemoProcess> => startProcess('control', args, init.logFile);
  const running = supervised('the control process', spawn, supervisor);
  const { start, kill } = running;
  const client = createConsoleClient({ ...init, hasFailed: () => running.hasFailed }, clock);
  return Object.assign(client, { start, kill, processes: () => [running.status] });
}
