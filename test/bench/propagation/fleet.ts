/**
 * Real agents in this process, over gRPC with mTLS, on tables in the kernel where it can be used
 * (in memory otherwise). No interface is made for a pod, so nothing is attached: pods are
 * announced on the CNI socket as a runtime does, and that is all that there is of them.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { mountBpfFileSystem, noKernel } from '../../../bpf/test/bpf-file-system.ts';
import type { AgentConfig } from '../../../services/agent/config.ts';
import { runAgent } from '../../../services/agent/run-agent.ts';
import { parseCidr } from '../../../services/contract/cidr.ts';
import { parseIp } from '../../../services/contract/ip-address.ts';
import { kernelDatapath, removeKernelDatapath } from '../../../services/ports/datapath/kernel.ts';
import { memoryDatapath } from '../../../services/ports/datapath/memory.ts';
import type { Datapath } from '../../../services/ports/datapath/port.ts';
import { systemClock } from '../../../services/runtime/clock.ts';
import { jsonLog } from '../../../services/runtime/log.ts';
import { systemRandom } from '../../../services/runtime/random.ts';
import { type TestAuthority, writeTlsFiles } from '../../hub/test-certificates.ts';

export interface FleetInit {
  readonly dir: string;
  readonly port: number;
  readonly nodes: readonly string[];
  readonly gateways: readonly string[];
  readonly authority: TestAuthority;
}

export interface Fleet {
  readonly tables: 'kernel' | 'memory';
  socketOf(node: string): string;
  stop(): Promise<void>;
}

export async function startFleet(init: FleetInit): Promise<Fleet> {
  const fileSystem = noKernel === null ? mountBpfFileSystem() : null;
  const stop = new AbortController();
  const datapaths: Datapath[] = [];
  const running: Promise<void>[] = [];
  const socketOf = (node: string): string => join(init.dir, `${node}.sock`);
  const pinDirOf = (node: string): string => join(fileSystem?.path ?? init.dir, node);
  for (const [number, node] of [...init.nodes, ...init.gateways].entries()) {
    const certificates = join(init.dir, `${node}-tls`);
    await writeTlsFiles(certificates, await init.authority.node(node));
    const pinDir = pinDirOf(node);
    const stateDir = join(init.dir, `${node}-state`);
    // Its process makes it, when it locks it.
    mkdirSync(stateDir);
    const config: AgentConfig = {
      node,
      bootId: 'boot-1',
      hub: [`127.0.0.1:${init.port}`],
      certificates,
      datapath: fileSystem === null ? 'memory' : 'kernel',
      uplinks: ['uplink'],
      podCidrs: [parseCidr('10.0.0.0/8')],
      pinDir,
      stateDir,
      cniSocket: socketOf(node),
      gateway: init.gateways.includes(node),
      heartbeatPort: 7946,
      underlayIp: parseIp(`192.0.2.${number + 1}`),
      mac: `02:00:00:00:00:${(number + 1).toString(16).padStart(2, '0')}`,
    };
    const memory = memoryDatapath();
    const datapath =
      fileSystem === null ? memory : { ...kernelDatapath({ pinDir }), hooks: memory.hooks };
    datapaths.push(datapath);
    const log = jsonLog({ level: 'error' });
    const components = { datapath, clock: systemClock(), random: systemRandom(), log };
    running.push(runAgent(config, components, stop.signal));
  }
  return {
    tables: fileSystem === null ? 'memory' : 'kernel',
    socketOf,
    async stop() {
      stop.abort();
      await Promise.all(running);
      for (const datapath of datapaths) datapath.close();
      if (fileSystem === null) return;
      for (const node of [...init.nodes, ...init.gateways]) {
        await removeKernelDatapath(pinDirOf(node));
      }
      fileSystem.unmount();
    },
  };
}
