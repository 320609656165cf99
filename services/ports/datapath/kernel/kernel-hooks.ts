/**
 * Attachments as links pinned under `links/`: they outlive us, and are adopted by their pins. An
 * attachment that must move to the front is made a second time there, under `links-next/`, before
 * the old one ends: between the two, packets are held back by the second pass, never let through.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import {
  HOOK_TCX_EGRESS,
  HOOK_TCX_INGRESS,
  HOOK_XDP,
  type Libberth,
} from '../../../../native/libberth.ts';
import { berthError } from '../../../contract/errors.ts';
import type { Attachment, Hooks, ProgramName } from '../port.ts';
import { ENODEV, ENOLINK, errnoName, isErrno } from './errno.ts';
import type { KernelObjects } from './objects.ts';

export const LINK_FOLDERS = ['links', 'links-next'] as const;

const HOOKS: Readonly<Record<ProgramName, number>> = {
  egress: HOOK_TCX_EGRESS,
  return: HOOK_TCX_INGRESS,
  pod: HOOK_TCX_INGRESS,
  steer: HOOK_XDP,
};

const NO_INTERFACE = 'no such interface';

export interface HooksInit {
  readonly pinDir: string;
  /** Where the interfaces are; null: in our own network namespace. */
  readonly netns: string | null;
  readonly objects: KernelObjects;
  /** The same programs loaded once more: a hook takes no program twice. */
  reopen(): KernelObjects;
}

export function kernelHooks(init: HooksInit): Hooks {
  const { pinDir, netns, objects } = init;
  const { library } = objects;
  const [links, next] = LINK_FOLDERS.map((folder) => join(pinDir, folder)) as [string, string];
  mkdirSync(links, { recursive: true });
  mkdirSync(next, { recursive: true });
  // Left by a process that ended between the two: the old attachment is still there.
  const cleanedUp = destroyLinks(library, next);

  function indexOf(interfaceName: string): number | null {
    const index = new Uint32Array(1);
    const result = library.netnsIfindex(netns, interfaceName, index);
    return result < 0 ? null : (index[0] ?? null);
  }

  async function attach(program: ProgramName, interfaceName: string): Promise<void> {
    await cleanedUp;
    const fail = (reason: string) =>
      berthError('BERTH_DATAPATH_ATTACH', { program, interface: interfaceName, reason });
    const ifindex = indexOf(interfaceName);
    if (ifindex === null) throw fail(NO_INTERFACE);
    const name = pinName(program, interfaceName);
    const create = async (from: KernelObjects, pin: string) => {
      const fd = from.program(program);
      const result = await library.linkCreate(fd, ifindex, HOOKS[program], netns, pin);
      if (result < 0) throw fail(errnoName(result));
    };

    const pin = join(links, name);
    if (existsSync(pin)) {
      const updated = library.linkUpdate(pin, objects.program(program));
      if (updated < 0 && !isErrno(updated, ENOLINK)) throw fail(errnoName(updated));
      const isHere = updated === 0 && linkOf(library, pin)?.ifindex === ifindex;
      if (isHere && isFirst(program, pin)) return;
      if (!isHere) await destroyLink(library, pin);
    }
    if (!existsSync(pin)) {
      await create(objects, pin);
      return;
    }
    const again = init.reopen();
    try {
      await create(again, join(next, name));
      renameSync(join(next, name), pin);
    } finally {
      again.close();
    }
  }

  function isFirst(program: ProgramName, pin: string): boolean {
    const link = linkOf(library, pin);
    const first = new Uint32Array(1);
    if (link === null) return false;
    // XDP has one place only, and no answer to the question who is first.
    if (HOOKS[program] === HOOK_XDP) return true;
    const result = library.hookFirst(link.ifindex, HOOKS[program], netns, first);
    return result === 0 && first[0] === link.programId;
  }

  return {
    attach,
    interfaceIndex(interfaceName) {
      const ifindex = indexOf(interfaceName);
      if (ifindex !== null) return ifindex;
      const details = { program: 'pod', interface: interfaceName, reason: NO_INTERFACE };
      throw berthError('BERTH_DATAPATH_ATTACH', details);
    },
    async detach(program, interfaceName) {
      const pin = join(links, pinName(program, interfaceName));
      if (existsSync(pin)) await destroyLink(library, pin);
    },
    attachments() {
      return readdirSync(links).flatMap((name): Attachment[] => {
        const { program, interfaceName } = parsePinName(name);
        const pin = join(links, name);
        const ifindex = indexOf(interfaceName);
        // An interface that went and came again is another one.
        if (ifindex === null || linkOf(library, pin)?.ifindex !== ifindex) return [];
        return [{ program, interfaceName, first: isFirst(program, pin) }];
      });
    },
  };
}

/** Ends an attachment; its interface may have gone. */
export async function destroyLink(library: Libberth, pin: string): Promise<void> {
  const result = await library.linkDestroy(pin);
  if (result < 0 && existsSync(pin)) unlinkSync(pin);
}

/** All that a folder holds. */
export async function destroyLinks(library: Libberth, folder: string): Promise<void> {
  const names = readdirSync(folder);
  await Promise.all(names.map((name) => destroyLink(library, join(folder, name))));
}

function linkOf(library: Libberth, pin: string): { ifindex: number; programId: number } | null {
  const info = new Uint32Array(2);
  const result = library.linkInfo(pin, info);
  if (result < 0 && !isErrno(result, ENODEV)) return null;
  return { ifindex: info[0] ?? 0, programId: info[1] ?? 0 };
}

/** bpffs takes no dots in names, interfaces do. */
function pinName(program: ProgramName, interfaceName: string): string {
  return `${program}@${interfaceName.replaceAll('%', '%25').replaceAll('.', '%2e')}`;
}

function parsePinName(name: string): { program: ProgramName; interfaceName: string } {
  const at = name.indexOf('@');
  return {
    program: name.slice(0, at) as ProgramName,
    interfaceName: name
      .slice(at + 1)
      .replaceAll('%2e', '.')
      .replaceAll('%25', '%'),
  };
}
