/** The twin's programs make of every packet what the suite says. */
import { packetConformance } from './conformance.ts';
import { memoryDatapath } from './memory.ts';

packetConformance('packets in memory', {
  open: () => {
    const datapath = memoryDatapath();
    return { datapath, close: datapath.close };
  },
});
