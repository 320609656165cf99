/**
 * What the demo plays on: the lab of network namespaces with the kernel's datapath, or, without
 * root, agents with the datapath in memory and pods that exist only as calls to them. The pipeline
 * is the same: one control process, one agent a node, real links between them.
 */
import type { Cidr } from '../../services/contract/cidr.ts';
import type { TargetSpec } from './kubernetes-objects.ts';
import type { Workload } from './workload.ts';

export interface DemoProcess {
  readonly pid: number;
  /** Resolves, never rejects. */
  readonly exited: Promise<unknown>;
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
  stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<unknown>;
}

/** Runs a program of ours with this Node, where the named host is. */
export type StartProcess = (
  host: string,
  args: readonly string[],
  logFile: string,
) => Promise<DemoProcess>;

export interface StageNode {
  readonly name: string;
  readonly gateway: boolean;
  readonly address: string;
  /** Arguments after `main.ts` for this node's agent. */
  readonly agentArgs: readonly string[];
  /** On which its agent answers. */
  readonly cniSocket: string;
}

export interface StagePod {
  readonly uid: string;
  readonly node: string;
  bind(): Promise<void>;
  /** Names of the targets that its clients talk to. @default all */
  readonly talksTo?: readonly string[];
}

/** What targets and captures saw; only a lab can tell. */
export interface Witnesses {
  readonly leakedPackets: number;
  readonly natAddressesSeen: readonly string[];
  readonly otherSourcesSeen: readonly string[];
  /** Packets from a NAT address that the target's ACL did not have when they came. */
  readonly refusedNatPackets: number;
}

export interface StageTarget {
  readonly name: string;
  /** @default 20 of the documentation networks */
  readonly cidrs?: readonly Cidr[];
  /** In a lab: opened once, or by an ACL server of its own. @default opened */
  readonly acl?: 'opened' | 'server';
}

export interface StageInit {
  readonly nodes: readonly string[];
  readonly gateways: readonly string[];
  readonly targets: readonly StageTarget[];
  /** What the targets' ACLs admit. @default 203.0.113.16/28 */
  readonly natCidr?: Cidr;
  /** @default 1 */
  readonly hubs?: number;
}

export interface Stage {
  readonly datapath: 'kernel' | 'memory';
  readonly runDir: string;
  readonly nodes: readonly StageNode[];
  /** `host:port` at which agents reach each hub; one, where nobody asked for more. */
  readonly hubAddresses: readonly string[];
  readonly natCidrs: readonly string[];
  readonly targets: readonly TargetSpec[];
  /** Folder of the secrets that they name; null: they name none. */
  readonly secretsDir: string | null;
  readonly startProcess: StartProcess;
  /** A node's link to all others goes down, and comes up. Null where there is no network. */
  readonly network: {
    cut(node: string): Promise<void>;
    heal(node: string): Promise<void>;
  } | null;
  /** Null where there is no network to talk over. */
  readonly workload: Workload | null;
  /**
   * The sandbox, then `bind`, then the call that the CNI plugin makes. Answers once the pod may
   * start. The sandbox comes first, so that what is measured from the binding is Berth's alone.
   */
  createPod(pod: StagePod): Promise<void>;
  /** Its processes end; its network stays until it is deleted. */
  stopPod(uid: string): Promise<void>;
  /** One that is being created is given up. */
  deletePod(uid: string): Promise<void>;
  witnesses(): Promise<Witnesses | null>;
  /** Used entries of all Berth maps, summed over nodes and gateways; null: cannot be read. */
  mapEntries(): Promise<number | null>;
  destroy(): Promise<void>;
}
