/**
 * What a gateway must remember over restarts: its key pair, how often its agent has started, and
 * whether it was drained. One file in the agent's state folder. A file that cannot be read is a new
 * gateway: the hub passes the new key on.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { replaceFile } from '../../runtime/durable-file.ts';
import { createKeyPair, type KeyPair, keyPairText, readKeyPair } from './heartbeat-keys.ts';

export interface GatewayState {
  readonly keyPair: KeyPair;
  /** Of this start: greater than that of any start before it. */
  readonly epoch: bigint;
  /** As it was at the last stop. */
  readonly drained: boolean;
  setDrained(drained: boolean): Promise<void>;
}

const kept = z.object({ privateKey: z.string(), epoch: z.int().min(0), drained: z.boolean() });

/** On disk when it answers, so that no two starts have one epoch. */
export async function openGatewayState(stateDir: string): Promise<GatewayState> {
  await mkdir(stateDir, { recursive: true });
  const path = join(stateDir, 'gateway.json');
  const before = await read(path);
  const { keyPair, drained } = before;
  const epoch = before.epoch + 1;
  const save = (now: boolean): Promise<void> => {
    const content = { privateKey: keyPairText(keyPair), epoch, drained: now };
    return replaceFile(path, JSON.stringify(content));
  };
  await save(drained);
  return { keyPair, epoch: BigInt(epoch), drained, setDrained: save };
}

async function read(path: string) {
  try {
    const { privateKey, epoch, drained } = kept.parse(JSON.parse(await readFile(path, 'utf8')));
    return { keyPair: readKeyPair(privateKey), epoch, drained };
  } catch {
    return { keyPair: createKeyPair(), epoch: 0, drained: false };
  }
}
