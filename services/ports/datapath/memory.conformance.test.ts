/** The twin in memory holds the suite. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { datapathConformance } from './conformance.ts';
import { memoryDatapath } from './memory.ts';

datapathConformance('the datapath in memory', {
  setup: async () => {
    const pinDir = mkdtempSync(join(tmpdir(), 'berth-memory-'));
    const open = () => memoryDatapath({ pinDir });
    const teardown = async () => rmSync(pinDir, { recursive: true });
    return { opened: open(), reopen: open, interfaceNames: ['eth0', 'bond0.12'], teardown };
  },
  teardown: async (harness) => harness.teardown(),
  skip: [
    {
      test: 'refuses an interface that there is not',
      reason: 'in memory there are no interfaces, so every name is one',
    },
  ],
});
