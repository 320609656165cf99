/** The twin in memory holds the suite. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { datapathConformance } from './conformance.ts';
import { memoryDatapath } from './memory.ts';

datapathConformance('the datapath in memory', {
  setup: async () => {
    const pinDir = mkdtempSync(join(tmpdir(), 'berth-memory-'));
    const interfaces = ['eth0', 'bond0.12'] as const;
    const open = () => memoryDatapath({ pinDir, interfaces });
    const teardown = async () => rmSync(pinDir, { recursive: true });
    return { opened: open(), reopen: open, interfaceNames: interfaces, teardown };
  },
  teardown: async (harness) => harness.teardown(),
});
