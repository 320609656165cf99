/** The kernel holds the suite, in a network namespace and a BPF file system of its own. */
import { join } from 'node:path';
import { mountBpfFileSystem, noKernel } from '../../../bpf/test/bpf-file-system.ts';
import { namespaces } from '../../../bpf/test/namespaces.ts';
import { DATAPATH_CASES, datapathConformance } from './conformance.ts';
import { kernelDatapath, removeKernelDatapath } from './kernel.ts';
import type { PacketDatapath } from './packet-runner.ts';

datapathConformance('the datapath in the kernel', {
  setup: async () => {
    const fileSystem = mountBpfFileSystem();
    const spaces = namespaces();
    const netns = spaces.add('node');
    spaces.ip('node', 'link add eth0 type veth peer name bond0.12');
    const pinDir = join(fileSystem.path, 'node');
    const all: PacketDatapath[] = [];
    const reopen = () => {
      const datapath = kernelDatapath({ pinDir, netns });
      all.push(datapath);
      return datapath;
    };
    const teardown = async () => {
      for (const datapath of all) datapath.close();
      await removeKernelDatapath(pinDir);
      spaces.close();
      fileSystem.unmount();
    };
    return { opened: reopen(), reopen, interfaceNames: ['eth0', 'bond0.12'], teardown };
  },
  teardown: async (harness) => harness.teardown(),
  skip: noKernel === null ? [] : DATAPATH_CASES.map((test) => ({ test, reason: noKernel ?? '' })),
});
