/** That a lab ends with the process that created it, however that ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { destroyLab, destroyStaleLabs } from './destroy.ts';
import { leftoversOf } from './testing/leftovers.ts';
import { needsLab } from './testing/needs-lab.ts';

const CREATOR = fileURLToPath(new URL('./testing/creator-main.ts', import.meta.url));
const UNTIL = { timeout: 20_000, interval: 20 };
const children: ChildProcess[] = [];

beforeEach(needsLab);

afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill('SIGKILL');
  }
  await destroyLab('orphan');
});

function startCreator(): ChildProcess {
  const child = spawn(process.execPath, [CREATOR, 'orphan'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return child;
}

async function built(child: ChildProcess): Promise<void> {
  if (child.stdout !== null) await once(child.stdout, 'data');
  expect(await leftoversOf('orphan')).not.toEqual([]);
}

async function untilNothingIsLeft(): Promise<void> {
  await vi.waitUntil(async () => (await leftoversOf('orphan')).length === 0, UNTIL);
}

describe('when the creator of a lab dies', () => {
  it.each(['SIGKILL', 'SIGINT', 'SIGTERM'] as const)(
    'by %s, nothing of the lab is left soon after',
    async (signal) => {
      const creator = startCreator();
      await built(creator);
      creator.kill(signal);
      await once(creator, 'exit');
      await untilNothingIsLeft();
    },
  );

  it('in the middle of building it, nothing is left either', async () => {
    const creator = startCreator();
    const hasBegun = async () =>
      (await leftoversOf('orphan')).some((left) => left.startsWith('/run/netns/'));
    await vi.waitUntil(hasBegun, { ...UNTIL, interval: 1 });
    creator.kill('SIGKILL');
    await once(creator, 'exit');
    await untilNothingIsLeft();
  });

  it('and its reaper too, the next who looks for stale labs removes it', async () => {
    const creator = startCreator();
    await built(creator);
    expect(await destroyStaleLabs()).not.toContain('orphan');
    const reaper = (await leftoversOf('orphan')).find((left) => left.startsWith('reaper '));
    process.kill(Number(reaper?.slice('reaper '.length)), 'SIGKILL');
    creator.kill('SIGKILL');
    await once(creator, 'exit');
    expect(await leftoversOf('orphan')).not.toEqual([]);
    expect(await destroyStaleLabs()).toContain('orphan');
    expect(await leftoversOf('orphan')).toEqual([]);
  });
});
