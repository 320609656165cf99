/**
 * A protected system in the lab: answers on all its protected addresses, admits only the NAT
 * addresses of its ACL to them, and counts everything else. That counter is the leak count.
 */
import type { Cidr } from '../../services/contract/cidr.ts';
import type { Clock } from '../../services/runtime/clock.ts';
import { ACL_TABLE, aclRules, admitRules, readAclListing, type TargetCounters } from './acl.ts';
import { runIn } from './command.ts';
import type { LabPlan, TargetPlan } from './plan.ts';
import type { LabProcess } from './processes.ts';
import { startTargetAclServer } from './target-acl-server.ts';

/** Where targets, and the outside server, echo TCP and UDP. */
export const ECHO_PORT = 7000;

export interface LabTarget extends TargetPlan {
  /** TCP and UDP echo on every address. */
  readonly port: number;
  readCounters(): Promise<TargetCounters>;
  /** Replaces the ACL's whole set; counters stay. */
  admit(cidrs: readonly Cidr[]): Promise<void>;
  /** Null: its ACL was opened once. */
  readonly aclProcess: LabProcess | null;
}

/** With its ACL in force. */
export async function createTarget(
  plan: LabPlan,
  target: TargetPlan,
  clock: Clock,
): Promise<LabTarget> {
  const nft = (args: readonly string[], input = ''): Promise<string> =>
    runIn(target.netns, { labId: plan.id, file: 'nft', args, input });
  await nft(['-f', '-'], aclRules(target.cidrs, target.aclServer === null ? [plan.natCidr] : []));
  const aclProcess = await startTargetAclServer(plan, target, clock);
  return {
    ...target,
    port: ECHO_PORT,
    aclProcess,
    readCounters: async () => readAclListing(await nft(['-j', 'list', 'table', 'ip', ACL_TABLE])),
    admit: async (cidrs) => {
      await nft(['-f', '-'], admitRules(cidrs));
    },
  };
}
