/**
 * A lab's folder under /run: its bpffs, the nodes' state folders, and who created it. It appears
 * whole or not at all (made aside, then renamed), so that a lab found there always has an owner
 * to ask for. It is the last thing that goes when a lab is destroyed.
 */
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { run } from './command.ts';
import { type LabPlan, runRoot } from './plan.ts';
import { isRunning, type ProcessIdentity, startTimeOf } from './process-table.ts';

const OWNER_FILE = 'owner.json';
/** A claim that is being made: by which pid. */
const ASIDE = /^\.new-(\d+)-/;
const LAB_FOLDER = /^[a-z0-9]{1,8}$/;
const owner = z.object({ pid: z.number(), startTime: z.string() });

/** Answers false when a lab of this id is there already. */
export async function claimRunFolder(id: string): Promise<boolean> {
  const aside = `${runRoot()}/.new-${process.pid}-${id}`;
  await mkdir(aside, { recursive: true });
  const startTime = (await startTimeOf(process.pid)) ?? '';
  const me: ProcessIdentity = { pid: process.pid, startTime };
  await writeFile(`${aside}/${OWNER_FILE}`, JSON.stringify(me));
  try {
    await rename(aside, `${runRoot()}/${id}`);
    return true;
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    if (isTaken(error)) return false;
    throw error;
  }
}

/** One bpffs for the lab; each node has a folder of its own on it. */
export async function furnishRunFolder(plan: LabPlan): Promise<void> {
  const bpffs = `${plan.runDir}/bpf`;
  await mkdir(bpffs, { recursive: true });
  await run({ labId: plan.id, file: 'mount', args: ['-t', 'bpf', 'bpf', bpffs] });
  for (const node of [...plan.nodes, ...plan.gateways]) {
    await mkdir(node.pinDir, { recursive: true });
    await mkdir(node.stateDir, { recursive: true });
  }
}

export async function labIds(): Promise<string[]> {
  return (await namesInRunRoot()).filter((name) => LAB_FOLDER.test(name));
}

/** Of creators that died between making a folder and giving it its name. */
export async function removeAbandonedClaims(): Promise<void> {
  for (const name of await namesInRunRoot()) {
    const pid = ASIDE.exec(name)?.[1];
    if (pid === undefined || (await startTimeOf(Number(pid))) !== null) continue;
    await rm(`${runRoot()}/${name}`, { recursive: true, force: true });
  }
}

/** A lab without a readable owner has none. */
export async function isOwnerAlive(id: string): Promise<boolean> {
  try {
    const text = await readFile(`${runRoot()}/${id}/${OWNER_FILE}`, 'utf8');
    return await isRunning(owner.parse(JSON.parse(text)));
  } catch {
    return false;
  }
}

async function namesInRunRoot(): Promise<string[]> {
  try {
    return await readdir(runRoot());
  } catch {
    // No lab was ever made here.
    return [];
  }
}

function isTaken(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ENOTEMPTY' || code === 'EEXIST';
}
