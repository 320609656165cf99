/**
 * The pods that were announced to this node, in the order of kernel and disk that a crash at any
 * point allows: what is taken away leaves the kernel first and then the disk, what comes is on
 * disk first. An address, an interface and a uid each belong to the pod that was announced last;
 * who had one before lets go of it before the new one is there.
 */
import type { PodUid } from '../contract/identity.ts';
import type { IpAddress } from '../contract/ip-address.ts';
import type { Hooks } from '../ports/datapath/port.ts';
import { podKey } from '../ports/datapath/tables/pods.ts';
import type { Log } from '../runtime/log.ts';
import { type Announcement, independent } from './announcements.ts';
import type { AttachmentChange, AttachmentFiles } from './attachment-files.ts';
import type { KernelTables } from './kernel-tables.ts';
import {
  isSandbox,
  type LocalAttachment,
  type PodAttachment,
  sameAttachment,
} from './pod-attachment.ts';
import { keyText } from './tables/content.ts';

export interface AttachedPodsComponents {
  readonly files: AttachmentFiles;
  readonly tables: KernelTables;
  readonly hooks: Hooks;
  readonly log: Log;
}

/** The interfaces that nobody has any more. */
export type Outcome = PromiseSettledResult<readonly string[]>;

export interface AttachedPods {
  /**
   * What was on disk, at the start, the oldest first; the tables are the caller's to write. An
   * announcement that failed may be on disk all the same: the pod that came after it has the
   * address. A pod whose interface is gone is kept until it is deleted.
   */
  adopt(attachments: readonly PodAttachment[]): Promise<readonly LocalAttachment[]>;
  /**
   * As one after the other, and answered each by itself: with the interfaces that nobody has any
   * more, or with why it failed: BERTH_DATAPATH_ATTACH where there is no such interface; the pod
   * is unknown then, and so held.
   */
  take(announcements: readonly Announcement[]): Promise<Outcome[]>;
  /** The interface of this name is another one than it was. */
  interfaceChanged(interfaceName: string): void;
  get(uid: PodUid): PodAttachment | undefined;
  uids(): PodUid[];
  /** Who has this address. */
  podOf(ip: IpAddress): PodUid | null;
  /** Names of the interfaces that the source guard shall be on. */
  interfaces(): string[];
  /** The same, with the number under which each is in the tables. */
  interfaceNumbers(): (readonly [string, number | null])[];
}

export function createAttachedPods(components: AttachedPodsComponents): AttachedPods {
  const { files, tables, hooks, log } = components;
  const pods: Pods = new Map();
  const localOf = (attachment: PodAttachment): LocalAttachment => withNumber(attachment, hooks);
  const takeTogether = createTaking(components, pods);

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
      await files.write([{ gone: uid }]);
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
    async take(announcements) {
      const outcomes: Outcome[] = [];
      for (const together of independent(announcements)) {
        outcomes.push(...(await takeTogether(together)));
      }
      return outcomes;
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
    podOf: (ip) => [...pods.values()].find((pod) => pod.ip === ip)?.uid ?? null,
    interfaces: () => [...pods.values()].map(({ hostInterface }) => hostInterface),
  };
}

/** Of independent announcements: the kernel lets go, the disk has it all, the new ones come. */
function createTaking({ files, tables, hooks, log }: AttachedPodsComponents, pods: Pods) {
  function prepare(announcement: Announcement, due: Due): Prepared {
    return announcement.kind === 'add'
      ? prepareAdd(announcement.attachment, due)
      : prepareRemove(announcement, due);
  }

  function prepareAdd(attachment: PodAttachment, due: Due): Prepared {
    const comes = withNumber(attachment, hooks);
    const known = pods.get(comes.uid);
    const isKnown = known !== undefined && sameAttachment(known, comes);
    if (isKnown) return { comes, left: [], waits: false };
    const clashing = [...pods.values()].filter((pod) => clashes(pod, comes));
    const left = clashing.flatMap((pod) => letGo(pod, due));
    due.changes.push(attachment);
    return { comes, left: left.filter((name) => name !== comes.hostInterface), waits: true };
  }

  function prepareRemove({ uid, of }: Extract<Announcement, { kind: 'remove' }>, due: Due) {
    const known = pods.get(uid);
    if (known !== undefined) {
      const isMeant = isSandbox(known, of);
      return { comes: null, left: isMeant ? letGo(known, due) : [], waits: isMeant };
    }
    due.changes.push({ gone: uid });
    return { comes: null, left: [], waits: true };
  }

  function letGo(pod: LocalAttachment, { changes, leaving }: Due): string[] {
    if (leaving.has(pod.uid)) return [];
    tables.setAttachment(pod.uid, null);
    leaving.set(pod.uid, pod);
    changes.push({ gone: pod.uid });
    return [pod.hostInterface];
  }

  /** Kernel and disk say the same again, so that whoever asks again finds it, and finishes. */
  function keep(pod: LocalAttachment): void {
    try {
      tables.setAttachment(pod.uid, pod);
    } catch (error) {
      log.warn({ pod: pod.uid, error }, 'pod that stays could not be put back yet');
    }
  }

  function finish(prepared: PromiseSettledResult<Prepared>, diskError: unknown): Outcome {
    if (prepared.status === 'rejected') return prepared;
    const { comes, left, waits } = prepared.value;
    return attempt(() => {
      if (waits && diskError !== null) throw diskError;
      if (comes !== null) {
        pods.set(comes.uid, comes);
        // Whatever the kernel still says of this address was said of another pod.
        tables.setAttachment(comes.uid, comes, [{ table: 'pods', key: keyText(podKey(comes.ip)) }]);
      }
      return left;
    });
  }

  return async (announcements: readonly Announcement[]): Promise<Outcome[]> => {
    const due: Due = { changes: [], leaving: new Map() };
    const prepared = announcements.map((each) => attempt(() => prepare(each, due)));
    try {
      if (due.changes.length > 0) await files.write(due.changes);
    } catch (error) {
      for (const pod of due.leaving.values()) keep(pod);
      return prepared.map((each) => finish(each, error));
    }
    for (const uid of due.leaving.keys()) pods.delete(uid);
    return prepared.map((each) => finish(each, null));
  };
}

function withNumber(attachment: PodAttachment, hooks: Hooks): LocalAttachment {
  return { ...attachment, ifindex: hooks.interfaceIndex(attachment.hostInterface) };
}

type Pods = Map<PodUid, LocalAttachment>;

interface Due {
  readonly changes: AttachmentChange[];
  /** Gone from the kernel, and not yet from the disk. */
  readonly leaving: Map<PodUid, LocalAttachment>;
}

interface Prepared {
  readonly comes: LocalAttachment | null;
  readonly left: readonly string[];
  /** Whether it waits for the disk. */
  readonly waits: boolean;
}

function attempt<T>(work: () => T): PromiseSettledResult<T> {
  try {
    return { status: 'fulfilled', value: work() };
  } catch (reason) {
    return { status: 'rejected', reason };
  }
}

function clashes(a: PodAttachment, b: PodAttachment): boolean {
  return a.uid === b.uid || a.ip === b.ip || a.hostInterface === b.hostInterface;
}
