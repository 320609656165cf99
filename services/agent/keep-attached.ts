/**
 * Programs stay where they belong, and first: whatever another program of the node did to the
 * chain, or a driver to its interface, is undone here. One that cannot be attached is told, and
 * tried again with the next check; the others are attached all the same.
 */
import type { Hooks, ProgramName } from '../ports/datapath/port.ts';
import { tell } from '../runtime/channels.ts';
import type { Log } from '../runtime/log.ts';

export interface WantedProgram {
  readonly program: ProgramName;
  readonly interfaceName: string;
}

export function nodePrograms(uplinks: readonly string[], gateway: boolean): WantedProgram[] {
  const programs: ProgramName[] = gateway ? ['egress', 'return', 'steer'] : ['egress', 'return'];
  return uplinks.flatMap((interfaceName) =>
    programs.map((program) => ({ program, interfaceName })),
  );
}

export function guardsOf(interfaceNames: readonly string[]): WantedProgram[] {
  return interfaceNames.map((interfaceName) => ({ program: 'pod', interfaceName }));
}

/** Attaches what is not there, or not first. */
export async function keepAttached(
  wanted: readonly WantedProgram[],
  { hooks, log }: { readonly hooks: Hooks; readonly log: Log },
): Promise<void> {
  const first = firstInTheirChains(hooks, log);
  const lost = wanted.filter((one) => !first.has(nameOf(one)));
  for (const { program, interfaceName } of lost) {
    log.warn({ program, interface: interfaceName }, 'program is not first in its chain');
    tell('berth:agent:program-lost', { program });
  }
  await attachEach(lost, { hooks, log });
}

/** Also those that are attached: they get this version's programs. */
export async function attachEach(
  wanted: readonly WantedProgram[],
  { hooks, log }: { readonly hooks: Hooks; readonly log: Log },
): Promise<void> {
  for (const { program, interfaceName } of wanted) {
    try {
      await hooks.attach(program, interfaceName);
    } catch (error) {
      log.error({ program, interface: interfaceName, error }, 'program cannot be attached');
    }
  }
}

/** None where they cannot be read: attaching what is attached does no harm. */
function firstInTheirChains(hooks: Hooks, log: Log): Set<string> {
  try {
    return new Set(hooks.attachments().flatMap((one) => (one.first ? [nameOf(one)] : [])));
  } catch (error) {
    log.error({ error }, 'attachments cannot be read');
    return new Set();
  }
}

function nameOf({ program, interfaceName }: WantedProgram): string {
  return `${program} ${interfaceName}`;
}
