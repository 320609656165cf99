/** The programs in the kernel make of every packet what the suite says. */
import { mountBpfFileSystem, noKernel } from '../../../bpf/test/bpf-file-system.ts';
import { packetConformance } from './conformance.ts';
import { kernelDatapath } from './kernel.ts';

packetConformance('packets in the kernel', {
  open: () => {
    const fileSystem = mountBpfFileSystem();
    const datapath = kernelDatapath({ pinDir: fileSystem.path });
    const close = () => {
      datapath.close();
      fileSystem.unmount();
    };
    return { datapath, close };
  },
  skip: noKernel,
});
