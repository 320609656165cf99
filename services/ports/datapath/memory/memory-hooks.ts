/**
 * Attachments that attach nothing. There are no interfaces to miss, so every name is one: it gets
 * the next number when it is first asked for, and keeps it.
 */
import type { Attachment, Hooks, ProgramName } from '../port.ts';
import type { Kept } from './kept.ts';

export function memoryHooks(kept: Kept): Hooks {
  const attached = new Map<string, Attachment>();
  const indexes = new Map(kept.load('interface-names').map(([name, index]) => [name, +index]));
  const key = (program: ProgramName, interfaceName: string) => `${program}@${interfaceName}`;
  const add = (program: ProgramName, interfaceName: string) =>
    attached.set(key(program, interfaceName), { program, interfaceName, first: true });
  const save = () => {
    const pairs = [...attached.values()].map((one) => [one.program, one.interfaceName] as const);
    kept.save('attachments', pairs);
  };
  for (const [program, on] of kept.load('attachments')) add(program as ProgramName, on);
  return {
    async attach(program, interfaceName) {
      add(program, interfaceName);
      save();
    },
    async detach(program, interfaceName) {
      if (attached.delete(key(program, interfaceName))) save();
    },
    attachments: () => [...attached.values()],
    interfaceIndex(interfaceName) {
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
