/**
 * The pods that were announced to this node, in the order of kernel and disk that a crash at any
 * point allows: what is taken away leaves the kernel first and then the disk, what comes is on
 * disk first. An address, an interface and a uid each belong to the pod that was announced last;
 * who had one before lets go of it before the new one is there.
 */
import type { PodUid } from '../contract/identity.ts';
import type { Hooks } from '../ports/datapath/port.ts';
import { podKey } from '../ports/datapath/tables/pods.ts';
import type { Log } from '../runtime/log.ts';
import type { AttachmentFiles } from './attachment-files.ts';
import type { KernelTables } from './kernel-tables.ts';
import {
  isSandbox,
  type LocalAttachment,
  type PodAttachment,
  type SandboxOf,
  sameAttachment,
} from './pod-attachment.ts';
import { keyText } from './tables/content.ts';

export interface AttachedPodsComponents {
  readonly files: AttachmentFiles;
  readonly tables: KernelTables;
  readonly hooks: Hooks;
  readonly log: Log;
}

export interface AttachedPods {
  /**
   * What was on disk, at the start, the oldest first; the tables are the caller's to write. An
   * announcement that failed may be on disk all the same: the pod that came after it has the
   * address. A pod whose interface is gone is kept until it is deleted.
   */
  adopt(attachments: readonly PodAttachment[]): Promise<readonly LocalAttachment[]>;
  /**
   * Answers the interfaces that nobody has any more.
   * @throws BERTH_DATAPATH_ATTACH where there is no such interface; the pod is unknown, and so held
   */
  add(attachment: PodAttachment): Promise<readonly string[]>;
  /**
   * Answers the interfaces that nobody has any more. A runtime deletes a pod's dead sandbox again
   * when the pod already has its next one: that one stays.
   */
  remove(uid: PodUid, of: SandboxOf): Promise<readonly string[]>;
  /** The interface of this name is another one than it was. */
  interfaceChanged(interfaceName: string): void;
  get(uid: PodUid): PodAttachment | undefined;
  uids(): PodUid[];
  /** Names of the interfaces that the source guard shall be on. */
  interfaces(): string[];
  /** The same, with the number under which each is in the tables. */
  interfaceNumbers(): (readonly [string, number | null])[];
}

export function createAttachedPods(components: AttachedPodsComponents): AttachedPods {
  const { files, tables, hooks, log } = components;
  const pods = new Map<PodUid, LocalAttachment>();

  function localOf(attachment: PodAttachment): LocalAttachment {
    return { ...attachment, ifindex: hooks.interfaceIndex(attachment.hostInterface) };
  }

  async function letGo(pod: LocalAttachment): Promise<string> {
    tables.setAttachment(pod.uid, null);
    try {
      await files.remove(pod.uid);
    } catch (error) {
      // Kernel and disk say the same again, so that whoever asks again finds it, and finishes.
      tables.setAttachment(pod.uid, pod);
      throw error;
    }
    pods.delete(pod.uid);
    return pod.hostInterface;
  }

  function adoptOne(attachment: PodAttachment): LocalAttachment {
    try {
      return localOf(attachment);
    } catch (error) {
      const { uid, hostInterface } = attachment;
      log.warn({ pod: uid, interface: hostInterface, error }, 'announced pod has no interface');
      return { ...attachment, ifindex: null };
    }
  }

  async function forget({ uid }: PodAttachment, later: PodAttachment): Promise<void> {
    log.warn({ pod: uid, later: later.uid }, 'announced pod was followed by another');
    try {
      await files.remove(uid);
    } catch (error) {
      // Nobody is misled by the file: the next start finds the later one again.
      log.warn({ pod: uid, error }, 'announced pod could not be forgotten');
    }
  }

  return {
    async adopt(attachments) {
      for (const [index, attachment] of attachments.entries()) {
        const later = attachments.slice(index + 1).find((other) => clashes(other, attachment));
        if (later === undefined) pods.set(attachment.uid, adoptOne(attachment));
        else await forget(attachment, later);
      }
      return [...pods.values()];
    },
    async add(attachment) {
      const local = localOf(attachment);
      const left: string[] = [];
      const known = pods.get(local.uid);
      const isKnown = known !== undefined && sameAttachment(known, local);
      if (!isKnown) {
        for (const other of [...pods.values()].filter((pod) => clashes(pod, local))) {
          left.push(await letGo(other));
        }
        await files.save(attachment);
      }
      pods.set(local.uid, local);
      // Whatever the kernel still says of this address was said of another pod.
      tables.setAttachment(local.uid, local, [{ table: 'pods', key: keyText(podKey(local.ip)) }]);
      return left.filter((interfaceName) => interfaceName !== local.hostInterface);
    },
    async remove(uid, of) {
      const known = pods.get(uid);
      if (known !== undefined) return isSandbox(known, of) ? [await letGo(known)] : [];
      await files.remove(uid);
      return [];
    },
    interfaceChanged(interfaceName) {
      for (const pod of [...pods.values()].filter((one) => one.hostInterface === interfaceName)) {
        const local = localOf(pod);
        pods.set(pod.uid, local);
        tables.setAttachment(pod.uid, local);
      }
    },
    get: (uid) => pods.get(uid),
    interfaceNumbers: () =>
      [...pods.values()].map(({ hostInterface, ifindex }) => [hostInterface, ifindex] as const),
    uids: () => [...pods.keys()],
    interfaces: () => [...pods.values()].map(({ hostInterface }) => hostInterface),
  };
}

function clashes(a: PodAttachment, b: PodAttachment): boolean {
  return a.uid === b.uid || a.ip === b.ip || a.hostInterface === b.hostInterface;
}
