/** Programs are attached and first, or it is said why not. */
import { describe, expect, it } from 'vitest';
import { memoryDatapath } from '../ports/datapath/memory.ts';
import type { Attachment, Hooks } from '../ports/datapath/port.ts';
import { jsonLog } from '../runtime/log.ts';
import { keepAttached, nodePrograms } from './keep-attached.ts';

const log = jsonLog({ level: 'silent' });

/** Hooks that count; what is attached is first, as the port promises. */
function hooksWith(attached: Attachment[], refused: readonly string[] = []) {
  const calls: string[] = [];
  const hooks: Hooks = {
    ...memoryDatapath().hooks,
    attachments: () => attached,
    async attach(program, interfaceName) {
      calls.push(`${program} ${interfaceName}`);
      if (refused.includes(interfaceName)) throw new Error('no such interface');
    },
  };
  return { hooks, calls };
}

describe('keeping programs attached', () => {
  it('steers on gateways only', () => {
    const names = (gateway: boolean) => nodePrograms(['up'], gateway).map(({ program }) => program);
    expect([names(false), names(true)]).toEqual([
      ['egress', 'return'],
      ['egress', 'return', 'steer'],
    ]);
  });

  it('attaches what is missing and what is not first, and nothing else', async () => {
    const { hooks, calls } = hooksWith([
      { program: 'egress', interfaceName: 'a', first: true },
      { program: 'return', interfaceName: 'a', first: false },
    ]);
    await keepAttached(nodePrograms(['a', 'b'], false), { hooks, log });
    expect(calls).toEqual(['return a', 'egress b', 'return b']);
  });

  it('goes on behind one that cannot be attached', async () => {
    const { hooks, calls } = hooksWith([], ['a']);
    await keepAttached(nodePrograms(['a', 'b'], false), { hooks, log });
    expect(calls).toContain('return b');
  });

  it('attaches everything again where it cannot see what is attached', async () => {
    const { hooks, calls } = hooksWith([]);
    const blind = {
      ...hooks,
      attachments: () => {
        throw new Error('gone');
      },
    };
    await keepAttached(nodePrograms(['a'], false), { hooks: blind, log });
    expect(calls).toEqual(['egress a', 'return a']);
  });
});
