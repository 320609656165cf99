/** Both datapaths, empty; the kernel's in a BPF file system of its own. */
import { mountBpfFileSystem } from '../../bpf/test/bpf-file-system.ts';
import { kernelDatapath } from '../../services/ports/datapath/kernel.ts';
import { memoryDatapath } from '../../services/ports/datapath/memory.ts';
import type { Datapaths } from './difference.ts';

export interface OpenDatapaths extends Datapaths {
  close(): void;
}

export function openDatapaths(): OpenDatapaths {
  const fileSystem = mountBpfFileSystem();
  const kernel = kernelDatapath({ pinDir: fileSystem.path });
  const close = () => {
    kernel.close();
    fileSystem.unmount();
  };
  return { kernel, twin: memoryDatapath(), close };
}
