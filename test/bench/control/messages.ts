/** What is said between a benchmark and the control process that it measures. */
import type { AckRecord } from '../../../services/contract/node-records.ts';
import type { NodeFacts } from '../../../services/contract/objects.ts';
import type { EventRecord } from '../../../services/contract/records.ts';
import type { TlsFiles } from '../../../services/runtime/tls-files.ts';

export interface ControlInit {
  readonly dir: string;
  /** Without it only the hub reads the log, and what it reads is what it is given. */
  readonly mapper: boolean;
  readonly certificate: TlsFiles;
  /** Log, checkpoints and jobs on these instead of in the folder. */
  readonly servers?: Servers;
}

export interface Servers {
  readonly kafka: string;
  readonly redis: string;
  readonly prefix: string;
}

export type Order =
  | { readonly type: 'append'; readonly records: readonly EventRecord[] }
  | { readonly type: 'nodes'; readonly nodes: readonly NodeFacts[] }
  | { readonly type: 'look' }
  | { readonly type: 'outcome' };

/** The answers, in the order of the orders; `serving` first of all. */
export type Report =
  | { readonly type: 'serving'; readonly port: number; readonly startedInMs: number }
  | { readonly type: 'appended'; readonly atMs: number }
  | {
      readonly type: 'look';
      readonly inSync: number;
      readonly connected: number;
      readonly cpuSeconds: number;
      readonly rssBytes: number;
    }
  | {
      readonly type: 'outcome';
      readonly acks: readonly AckRecord[];
      /** When the log had the decision, by pod. */
      readonly grantedAtMs: ReadonlyMap<string, number>;
      /** Entries that targets were told to open or to close. */
      readonly aclUpdates: number;
    };

export type Outcome = Extract<Report, { type: 'outcome' }>;
