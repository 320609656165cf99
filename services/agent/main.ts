/** The agent's process: one a node, gateways included. Flags and file: see config.ts. */
import { kernelDatapath } from '../ports/datapath/kernel.ts';
import { memoryDatapath } from '../ports/datapath/memory.ts';
import { systemClock } from '../runtime/clock.ts';
import { runMain } from '../runtime/life-cycle.ts';
import { jsonLog } from '../runtime/log.ts';
import { systemRandom } from '../runtime/random.ts';
import { readAgentConfig } from './config.ts';
import { runAgent } from './run-agent.ts';

const clock = systemClock();
const random = systemRandom();
const log = jsonLog({ fields: { name: 'agent' } });

async function main(stop: AbortSignal): Promise<void> {
  const config = readAgentConfig(process.argv.slice(2));
  const { pinDir } = config;
  const datapath =
    config.datapath === 'kernel' ? kernelDatapath({ pinDir }) : memoryDatapath({ pinDir });
  try {
    await runAgent(config, { datapath, clock, random, log }, stop);
  } finally {
    datapath.close();
  }
}

await runMain(main, { clock, log });
