/**
 * What the demo plays on: the lab of network namespaces with the kernel's datapath, or, without
 * root, agents with the datapath in memory and pods that exist only as calls to them. The pipeline
 * is the same: one control process, one agent a node, real links between them.
 */
import type { TargetSpec } from './kubernetes-objects.ts';
import type { Workload } from './workload.ts';

export interface DemoProcess {
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
}

/** What targets and captures saw; only a lab can tell. */
export interface Witnesses {
  readonly leakedPackets: number;
  readonly natAddressesSeen: readonly string[];
  readonly otherSourcesSeen: readonly string[];
}

export interface Stage {
  readonly datapath: 'kernel' | 'memory';
  readonly runDir: string;
  readonly nodes: readonly StageNode[];
  /** `host:port` at which agents reach the hub. */
  readonly hubAddress: string;
  readonly natCidrs: readonly string[];
  readonly targets: readonly TargetSpec[];
  readonly startProcess: StartProcess;
  /** Null where there is no network to talk over. */
  readonly workload: Workload | null;
  /**
   * The sandbox, then `bind`, then the call that the CNI plugin makes. Answers once the pod may
   * start. The sandbox comes first, so that what is measured from the binding is Berth's alone.
   */
  createPod(uid: string, node: string, bind: () => Promise<void>): Promise<void>;
  deletePod(uid: string): Promise<void>;
  witnesses(): Promise<Witnesses | null>;
  /** Used entries of all Berth maps, summed over nodes and gateways. */
  mapEntries(): Promise<number>;
  destroy(): Promise<void>;
}
