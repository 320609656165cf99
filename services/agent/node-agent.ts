/**
 * The agent's core: what the hub wants and which pods were announced on one side, the kernel's
 * tables on the other, and between them one change at a time. A push is in force as a whole (read
 * back, and on disk) or not at all, and what was in force stays. Nothing is ever flushed: at the
 * start the tables are adopted as they are, and what nobody knows in them is removed only with the
 * first push, since until then it may be newer than what this agent remembers.
 */
import { podPortRange } from '../contract/block.ts';
import { berthError, describeError, isBerthError } from '../contract/errors.ts';
import type { Push } from '../contract/gen/berth/link/v1/link_pb.ts';
import type { PodUid } from '../contract/identity.ts';
import type { IpAddress } from '../contract/ip-address.ts';
import type { Version } from '../contract/version.ts';
import { tell } from '../runtime/channels.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { AckedFile } from './acked-file.ts';
import type { Announcement } from './announcements.ts';
import type { AttachedPods } from './attached-pods.ts';
import { type ChangeSignal, createChangeSignal } from './change-signal.ts';
import { createGathering } from './gather.ts';
import type { Guards } from './guards.ts';
import type { KernelTables } from './kernel-tables.ts';
import type { LinkedNode, PushAnswer } from './linked-node.ts';
import type { PodAttachment, SandboxOf } from './pod-attachment.ts';
import { readResource } from './resource.ts';
import type { PodState } from './tables/node-tables.ts';
import type { Turns } from './turns.ts';
import { type Change, commit, readPush, type Wanted } from './wanted.ts';

export interface NodeAgentComponents {
  readonly clock: Clock;
  readonly log: Log;
  readonly turns: Turns;
  readonly tables: KernelTables;
  readonly pods: AttachedPods;
  readonly guards: Guards;
  readonly acked: AckedFile;
  /** As it was on disk; the agent owns it from here on. */
  readonly wanted: Wanted;
}

/** Mappings that came into force, and when they were read back. */
export interface NewlyMapped {
  readonly uids: readonly PodUid[];
  readonly readBackAtMs: number;
}

export interface NodeAgent extends LinkedNode {
  readonly changes: ChangeSignal;
  /** Brings what was acked before into force, where it is not. Call once, before anything else. */
  adopt(announced: readonly PodAttachment[]): Promise<NewlyMapped>;
  addPod(attachment: PodAttachment): Promise<NewlyMapped>;
  /** The pod may start only behind its guard. @throws BERTH_DATAPATH_ATTACH */
  guardPod(attachment: PodAttachment): Promise<void>;
  /** A pod's interface came back as another one. @throws BERTH_DATAPATH_* */
  interfaceChanged(interfaceName: string): Promise<void>;
  /** Only where it still has this sandbox. */
  removePod(uid: PodUid, of?: SandboxOf): Promise<void>;
  /** Which addresses this node owns may have changed. @throws as a push would */
  followOwnership(): Promise<void>;
  /** The addresses that it owns, as last read from the kernel. */
  ownedAddresses(): ReadonlySet<IpAddress>;
  /** Reads the whole tables and repairs what differs; only then are its failures logged. */
  checkTables(): Promise<void>;
  /** By table, as last read back. Counts are kept: asking reads nothing. */
  heldEntries(): Readonly<Record<string, number>>;
  podState(uid: PodUid): PodState;
  /** Of each announced pod. */
  podStates(): PodState[];
  podAttachment(uid: PodUid): PodAttachment | undefined;
  /** The version that brought the pod as it is now. */
  podVersion(uid: PodUid): Version;
  /** Null where the pod has no berth. */
  portRange(uid: PodUid): { readonly from: number; readonly to: number } | null;
}

export function createNodeAgent(components: NodeAgentComponents): NodeAgent {
  const { clock, turns, tables, pods, guards, wanted } = components;
  const changes = createChangeSignal();
  const pushes = createPushes(components);

  /** One change, from which waiting callers may learn. */
  async function change<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await turns.take(work);
    } finally {
      changes.raise();
    }
  }

  const announce = createGathering(turns, async (announcements: readonly Announcement[]) => {
    const before = tables.mapped();
    try {
      const outcomes = await pods.take(announcements);
      const mapped = tables.mapped().difference(before);
      const readBackAtMs = clock.nowMs();
      return outcomes.map((outcome) =>
        outcome.status === 'rejected'
          ? outcome
          : { ...outcome, value: { left: outcome.value, mapped, readBackAtMs } },
      );
    } finally {
      changes.raise();
    }
  });

  async function unguard(interfaceNames: readonly string[]): Promise<void> {
    const inUse = new Set(pods.interfaces());
    const left = interfaceNames.filter((name) => !inUse.has(name));
    await Promise.all(left.map((name) => guards.detach(name)));
  }

  return {
    changes,
    held: () => ({ version: wanted.version, checksum: wanted.checksum }),
    push: (push) => change(() => pushes.handle(push)),
    adopt: (announced) =>
      change(async () => {
        const before = tables.mapped();
        tables.adopt(wanted.resources, await pods.adopt(announced));
        return { uids: [...tables.mapped().difference(before)], readBackAtMs: clock.nowMs() };
      }),
    async addPod(attachment) {
      const { left, mapped, readBackAtMs } = await announce({ kind: 'add', attachment });
      await unguard(left);
      return { uids: mapped.has(attachment.uid) ? [attachment.uid] : [], readBackAtMs };
    },
    guardPod: ({ hostInterface }) => guards.attach(hostInterface),
    async interfaceChanged(interfaceName) {
      await change(async () => pods.interfaceChanged(interfaceName));
      await guards.attach(interfaceName);
    },
    async removePod(uid, of = {}) {
      const { left } = await announce({ kind: 'remove', uid, of });
      await unguard(left);
    },
    followOwnership: () => turns.take(async () => tables.followOwnership()),
    ownedAddresses: tables.owned,
    checkTables: () => change(() => pushes.checkTables()),
    heldEntries: tables.heldEntries,
    podState: tables.podState,
    podStates: () => pods.uids().map(tables.podState),
    podAttachment: pods.get,
    podVersion: (uid) => pushes.podVersion(uid),
    portRange(uid) {
      const bytes = wanted.resources.get(`pod/${uid}`);
      const body = bytes === undefined ? null : readResource(bytes).body;
      if (body?.case !== 'pod') return null;
      const placed = body.value.slots.filter(({ natAddress }) => natAddress.length > 0);
      if (placed.length === 0) return null;
      return podPortRange(Math.min(...placed.map(({ blockSize }) => blockSize)));
    },
  };
}

interface Pushes {
  handle(push: Push): Promise<PushAnswer>;
  checkTables(): Promise<void>;
  podVersion(uid: PodUid): Version;
}

function createPushes({ clock, log, tables, acked, wanted }: NodeAgentComponents): Pushes {
  const podVersions = new Map<PodUid, Version>();
  // Whether a push came since the start: from then on, what nobody knows may be removed.
  let inSync = false;

  async function apply(push: Push): Promise<PushAnswer> {
    const change = readPush(wanted, push);
    const before = tables.mapped();
    let readBackAtMs = 0;
    try {
      tables.setResources(change.touched, inSync ? 'touched' : 'all');
      readBackAtMs = clock.nowMs();
      await acked.append(wanted, change);
    } catch (error) {
      undo(change);
      throw error;
    }
    commit(wanted, change);
    inSync = true;
    notePodVersions(change);
    const mapped = [...tables.mapped().difference(before)];
    const { version, checksum } = wanted;
    return { kind: 'ack', version, checksum, readBackAtMs, mapped };
  }

  async function answerTo(push: Push): Promise<PushAnswer> {
    try {
      return await apply(push);
    } catch (error) {
      log.warn({ error }, 'push failed');
      const { code, message } = codedError(error, push);
      return { kind: 'nack', code, message };
    }
  }

  /** Back to what was acked; where the kernel refuses even that, the table check tries again. */
  function undo(change: Change): void {
    const old = [...change.touched.keys()].map(
      (key) => [key, wanted.resources.get(key) ?? null] as const,
    );
    try {
      tables.setResources(new Map(old), 'touched');
    } catch (error) {
      log.error({ error }, 'a refused push could not be taken back');
    }
  }

  function notePodVersions(change: Change): void {
    for (const [key, bytes] of change.touched) {
      if (!key.startsWith('pod/')) continue;
      const uid = key.slice('pod/'.length);
      if (bytes === null) podVersions.delete(uid);
      else podVersions.set(uid, change.version);
    }
  }

  return {
    async handle(push) {
      const startedMs = clock.nowMs();
      const answer = await answerTo(push);
      const code = answer.kind === 'nack' ? answer.code : null;
      tell('berth:agent:push-answered', { code, seconds: (clock.nowMs() - startedMs) / 1000 });
      return answer;
    },
    async checkTables() {
      try {
        const repairs = tables.repair(inSync ? 'remove' : 'keep');
        for (const [table, entries] of Object.entries(repairs)) {
          const error = berthError('BERTH_AGENT_READ_BACK', { table });
          log.warn({ error, table, entries }, 'table repaired');
        }
        tell('berth:agent:tables-checked', { repairs });
      } catch (error) {
        log.error({ error }, 'tables could not be repaired');
      }
    },
    podVersion: (uid) => podVersions.get(uid) ?? wanted.version,
  };
}

function codedError(error: unknown, push: Push): { code: string; message: string } {
  const details = { nonce: String(push.nonce), reason: describeError(error) };
  const coded = isBerthError(error) ? error : berthError('BERTH_AGENT_FAILED', details, error);
  return { code: coded.code, message: describeError(coded) };
}
