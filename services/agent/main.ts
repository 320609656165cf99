/**
 * The agent's process: one a node, gateways included. Flags and file: see config.ts. With
 * `--uninstall` it takes everything of Berth off the node instead, and ends.
 */
import { flushCompileCache } from 'node:module';
import { kernelDatapath, removeKernelDatapath } from '../ports/datapath/kernel.ts';
import { memoryDatapath, removeMemoryDatapath } from '../ports/datapath/memory.ts';
import { systemClock } from '../runtime/clock.ts';
import { runMain } from '../runtime/life-cycle.ts';
import { jsonLog } from '../runtime/log.ts';
import { systemRandom } from '../runtime/random.ts';
import { readAgentConfig, readUninstallConfig, type UninstallConfig } from './config.ts';
import { runAgent } from './run-agent.ts';
import { lockStateFolder } from './state-lock.ts';
import { uninstall } from './uninstall.ts';

const clock = systemClock();
const random = systemRandom();
const log = jsonLog({ fields: { name: 'agent' } });

async function main(stop: AbortSignal): Promise<void> {
  // Where there is a compile cache, also for the next start of an agent that will be killed.
  flushCompileCache();
  const args = process.argv.slice(2);
  const leaving = readUninstallConfig(args);
  if (leaving === null) await run(args, stop);
  else await leave(leaving);
}

async function run(args: readonly string[], stop: AbortSignal): Promise<void> {
  const config = readAgentConfig(args);
  const { pinDir, objectDir, stateDir } = config;
  const lock = await lockStateFolder(stateDir);
  const where = { pinDir, ...(objectDir === undefined ? {} : { objectDir }) };
  const datapath =
    config.datapath === 'kernel' ? kernelDatapath(where) : memoryDatapath({ pinDir });
  try {
    await runAgent(config, { datapath, clock, random, log }, stop);
  } finally {
    datapath.close();
    await lock.release();
  }
}

async function leave(config: UninstallConfig): Promise<void> {
  const lock = await lockStateFolder(config.stateDir);
  const removeDatapath = config.datapath === 'kernel' ? removeKernelDatapath : removeMemoryDatapath;
  try {
    await uninstall(config, { removeDatapath, log });
  } finally {
    await lock.release();
  }
}

await runMain(main, { clock, log });
