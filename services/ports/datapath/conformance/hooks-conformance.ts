/** Cases of the Datapath's suite: attachments. */
import { expect } from 'vitest';
import type { ConformanceCases } from '../../../../test/conformance-suite.ts';
import type { Attachment, Hooks, ProgramName } from '../port.ts';
import type { DatapathHarness } from './harness.ts';

const PROGRAMS: readonly ProgramName[] = ['egress', 'return', 'steer', 'pod'];

export const hookCases: ConformanceCases<DatapathHarness> = {
  async 'has nothing attached at first'({ opened: { hooks } }) {
    expect(hooks.attachments()).toEqual([]);
  },

  async 'attaches each program, first in its chain'({ opened: { hooks }, interfaceNames: [on] }) {
    for (const program of PROGRAMS) {
      await hooks.attach(program, on);
      expect(attached(hooks)).toEqual([`${program}@${on} first`]);
      await hooks.detach(program, on);
    }
  },

  async 'attaches several programs, to several interfaces'({ opened: { hooks }, interfaceNames }) {
    const [one, other] = interfaceNames;
    await hooks.attach('egress', one);
    await hooks.attach('return', one);
    await hooks.attach('pod', other);
    await hooks.attach('steer', other);
    const wanted = [`egress@${one}`, `return@${one}`, `pod@${other}`, `steer@${other}`];
    expect(attached(hooks)).toEqual(wanted.map((text) => `${text} first`).sort());
  },

  async 'takes an attachment that is there for no change'({
    opened: { hooks },
    interfaceNames: [on],
  }) {
    for (const program of ['egress', 'steer'] as const) {
      await hooks.attach(program, on);
      await hooks.attach(program, on);
    }
    expect(attached(hooks)).toEqual([`egress@${on} first`, `steer@${on} first`]);
  },

  async 'detaches one, and leaves the others'({ opened: { hooks }, interfaceNames: [one, other] }) {
    await hooks.attach('egress', one);
    await hooks.attach('return', one);
    await hooks.attach('egress', other);
    await hooks.detach('egress', one);
    expect(attached(hooks)).toEqual([`egress@${other} first`, `return@${one} first`]);
  },

  async 'takes the end of what is not attached for done'({
    opened: { hooks },
    interfaceNames: [on],
  }) {
    await hooks.detach('pod', on);
    await hooks.detach('pod', 'no-interface');
    await hooks.attach('pod', on);
    await hooks.detach('pod', on);
    await hooks.detach('pod', on);
    expect(attached(hooks)).toEqual([]);
  },

  async 'refuses an interface that there is not'({ opened: { hooks } }) {
    for (const program of PROGRAMS) {
      await expect(hooks.attach(program, 'no-interface')).rejects.toThrow('BERTH_DATAPATH_ATTACH');
    }
    expect(() => hooks.interfaceIndex('no-interface')).toThrow('BERTH_DATAPATH_ATTACH');
    expect(attached(hooks)).toEqual([]);
  },

  async 'knows interfaces by different numbers, which stay'({
    opened: { hooks },
    interfaceNames: [one, other],
    reopen,
  }) {
    const numbers = [one, other].map((name) => hooks.interfaceIndex(name));
    expect(new Set(numbers).size).toBe(2);
    expect(numbers.every((number) => number > 0)).toBe(true);
    expect([one, other].map((name) => reopen().hooks.interfaceIndex(name))).toEqual(numbers);
  },
};

function attached(hooks: Hooks): string[] {
  const text = ({ program, interfaceName, first }: Attachment) =>
    `${program}@${interfaceName}${first ? ' first' : ''}`;
  return hooks.attachments().map(text).sort();
}
