/**
 * Attachments that attach nothing. An interface gets the next number when it is first asked for,
 * and keeps it.
 */
import { berthError } from '../../../contract/errors.ts';
import type { Attachment, Hooks, ProgramName } from '../port.ts';
import type { Kept } from './kept.ts';

/** `interfaces` are those that there are; null: every name is one. */
export function memoryHooks(kept: Kept, interfaces: readonly string[] | null): Hooks {
  const attached = new Map<string, Attachment>();
  const indexes = new Map(kept.load('interface-names').map(([name, index]) => [name, +index]));
  const key = (program: ProgramName, interfaceName: string) => `${program}@${interfaceName}`;
  const add = (program: ProgramName, interfaceName: string) =>
    attached.set(key(program, interfaceName), { program, interfaceName, first: true });
  const refuseUnknown = (program: ProgramName, interfaceName: string) => {
    if (interfaces === null || interfaces.includes(interfaceName)) return;
    const reason = 'no such interface';
    throw berthError('BERTH_DATAPATH_ATTACH', { program, interface: interfaceName, reason });
  };
  const save = () => {
    const pairs = [...attached.values()].map((one) => [one.program, one.interfaceName] as const);
    kept.save('attachments', pairs);
  };
  for (const [program, on] of kept.load('attachments')) add(program as ProgramName, on);
  return {
    async attach(program, interfaceName) {
      refuseUnknown(program, interfaceName);
      add(program, interfaceName);
      save();
    },
    async detach(program, interfaceName) {
      if (attached.delete(key(program, interfaceName))) save();
    },
    attachments: () => [...attached.values()],
    interfaceIndex(interfaceName) {
      refuseUnknown('pod', interfaceName);
      const known = indexes.get(interfaceName);
      if (known !== undefined) return known;
      const index = indexes.size + 1;
      indexes.set(interfaceName, index);
      kept.save(
        'interface-names',
        [...indexes].map(([name, number]) => [name, `${number}`]),
      );
      return index;
    },
  };
}
