/**
 * One member of a consumer group: it joins, is told its partitions, beats its heart, joins again
 * when the group changes, and leaves cleanly. It reads nothing. What it had it keeps until it is
 * told otherwise, also while the broker is away: nobody else can be given it then, and who is cut
 * off alone does no harm.
 */
import assigner from 'kafkajs/src/consumer/assignerProtocol.js';
import { ask, askEach, errorOfCode, type KafkaConnection } from './cluster.ts';
import { asBerthError, refusalOf } from './failure.ts';
import type { Broker, Cluster } from './kafkajs-shapes.ts';
import { type LatestValue, latestValue } from './latest-value.ts';
import { type KafkaComponents, kafkaLink, type Link } from './link.ts';
import type { Member } from './offsets.ts';
import { outage } from './outage.ts';
import { backOff } from './persist.ts';
import { shareOut } from './share-out.ts';

export interface MembershipInit {
  readonly connection: KafkaConnection;
  readonly groupId: string;
  readonly topic: string;
  /** Tells as whom offsets are committed; null: it is no member. */
  readonly onMember: (member: Member | null) => void;
  /** Given what ends when this member has left; close waits for it. */
  readonly onLeaving: (left: Promise<void>) => void;
}

interface JoinAnswer {
  readonly errorCode: number;
  readonly memberId: string;
  readonly leaderId: string;
  readonly generationId: number;
  readonly members: readonly { readonly memberId: string; readonly memberMetadata: Buffer }[];
}

const JOIN_VERSION = 5;
const SYNC_VERSION = 3;
const HEARTBEAT_VERSION = 3;
const LEAVE_VERSION = 3;
const PROTOCOL = 'berth-sticky';
const SESSION_TIMEOUT_MS = 10_000;
/** How long the broker waits for the others to join again. */
const REBALANCE_TIMEOUT_MS = 10_000;
/** Also how soon a member hears that the group changes. */
const HEARTBEAT_MS = 1_000;
const LEAVE_TIMEOUT_MS = 2_000;

const MEMBER_ID_REQUIRED = 79;
/** The group has forgotten this member, or counts on from another generation. */
const FORGOTTEN: readonly string[] = ['UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID'];

export async function* membership(
  init: MembershipInit,
  components: KafkaComponents,
  signal: AbortSignal,
): AsyncGenerator<readonly number[], void, void> {
  if (signal.aborted) return;
  const owned = latestValue<readonly number[]>();
  const leaving = new AbortController();
  const ended = take(init, components, owned, AbortSignal.any([signal, leaving.signal]));
  init.onLeaving(ended);
  try {
    yield* owned.values(signal);
  } finally {
    leaving.abort();
    await ended;
  }
}

/** Until the signal is aborted; then it has left. */
async function take(
  init: MembershipInit,
  components: KafkaComponents,
  owned: LatestValue<readonly number[]>,
  signal: AbortSignal,
): Promise<void> {
  const { connection, groupId, topic } = init;
  const { clock } = components;
  const log = components.log.child({ group: groupId, topic });
  const link = kafkaLink(connection, [topic], { clock, log });
  const pause = backOff(components);
  const trouble = outage({ clock, log });
  let memberId = '';
  let mine: readonly number[] = [];
  const joined = joiner(link, init);
  // A join that is under way ends early when its connection does.
  signal.addEventListener('abort', () => link.giveUp(), { once: true });
  while (!signal.aborted) {
    try {
      const { member, partitions } = await joined.join(memberId, mine, (id) => {
        memberId = id;
      });
      init.onMember(member);
      if (!same(mine, partitions)) log.info({ partitions }, 'partitions of this member');
      mine = partitions;
      owned.put(partitions);
      trouble.over();
      pause.reset();
      await beat(link, init, member, clock, signal);
    } catch (error) {
      if (signal.aborted) break;
      const refusal = refusalOf(error);
      if (refusal === 'REBALANCE_IN_PROGRESS') continue;
      if (refusal !== null && FORGOTTEN.includes(refusal)) memberId = '';
      trouble.met(asBerthError(error, connection.brokers));
      link.refresh();
      await pause.wait(signal);
    }
  }
  init.onMember(null);
  if (memberId !== '') await leave(init, memberId, components);
  link.giveUp();
}

function joiner(link: Link, { groupId, topic }: MembershipInit) {
  async function request(
    cluster: Cluster,
    memberId: string,
    owned: readonly number[],
  ): Promise<JoinAnswer> {
    const userData = Buffer.from(JSON.stringify(owned));
    const metadata = assigner.MemberMetadata.encode({ version: 0, topics: [topic], userData });
    return askEach<JoinAnswer>(await coordinator(cluster, groupId), 'JoinGroup', JOIN_VERSION, {
      groupId,
      sessionTimeout: SESSION_TIMEOUT_MS,
      rebalanceTimeout: REBALANCE_TIMEOUT_MS,
      memberId,
      protocolType: 'consumer',
      groupProtocols: [{ name: PROTOCOL, metadata }],
    });
  }

  return {
    /** `onMemberId`: as soon as it is known, so that who gives up can leave. */
    async join(
      memberId: string,
      owned: readonly number[],
      onMemberId: (memberId: string) => void,
    ): Promise<{ readonly member: Member; readonly partitions: readonly number[] }> {
      let answer = await link.use((cluster) => request(cluster, memberId, owned));
      onMemberId(answer.memberId);
      if (answer.errorCode === MEMBER_ID_REQUIRED) {
        const given = answer.memberId;
        answer = await link.use((cluster) => request(cluster, given, owned));
      }
      throwIfAny(answer.errorCode);
      const { generationId } = answer;
      const member = { memberId: answer.memberId, generationId };
      const assignment = await link.use(async (cluster) =>
        ask<{ readonly memberAssignment: Buffer }>(
          await coordinator(cluster, groupId),
          'SyncGroup',
          SYNC_VERSION,
          { groupId, ...member, groupAssignment: shares(cluster, answer) },
        ),
      );
      const decoded = assigner.MemberAssignment.decode(assignment.memberAssignment);
      return { member, partitions: decoded?.assignment[topic] ?? [] };
    },
  };
}

/** By the member that the broker made the leader, for all; by the others, nothing. */
function shares(cluster: Cluster, { members, memberId, leaderId }: JoinAnswer) {
  if (memberId !== leaderId) return [];
  const known = members.map((each) => ({
    memberId: each.memberId,
    ...assigner.MemberMetadata.decode(each.memberMetadata),
  }));
  const byMember = new Map(known.map((each) => [each.memberId, {} as Record<string, number[]>]));
  for (const topic of new Set(known.flatMap(({ topics }) => topics))) {
    const takers = known.filter(({ topics }) => topics.includes(topic));
    const owning = takers.map((each) => ({ memberId: each.memberId, owned: ownedOf(each) }));
    const count = cluster.findTopicPartitionMetadata(topic).length;
    for (const [taker, partitions] of shareOut(owning, count)) {
      Object.assign(byMember.get(taker) ?? {}, { [topic]: partitions });
    }
  }
  return [...byMember].map(([member, assignment]) => ({
    memberId: member,
    memberAssignment: assigner.MemberAssignment.encode({
      version: 0,
      assignment,
      userData: Buffer.alloc(0),
    }),
  }));
}

/** What another version of us wrote there may be anything. */
function ownedOf({ userData }: { readonly userData: Buffer | null }): readonly number[] {
  try {
    const owned: unknown = JSON.parse(userData?.toString('utf8') ?? '[]');
    return Array.isArray(owned) ? owned.filter((each) => Number.isInteger(each)) : [];
  } catch {
    return [];
  }
}

/** Ends with what the broker said last; without an error only when the signal is aborted. */
async function beat(
  link: Link,
  { groupId }: MembershipInit,
  member: Member,
  clock: KafkaComponents['clock'],
  signal: AbortSignal,
): Promise<void> {
  const { memberId, generationId } = member;
  while (!signal.aborted) {
    await clock.sleep(HEARTBEAT_MS, signal);
    if (signal.aborted) return;
    await link.use(async (cluster) =>
      ask(await coordinator(cluster, groupId), 'Heartbeat', HEARTBEAT_VERSION, {
        groupId,
        memberId,
        groupGenerationId: generationId,
      }),
    );
  }
}

/** On a connection of its own: the other may be waiting for the group. Bounded, never fails. */
async function leave(
  { connection, groupId }: MembershipInit,
  memberId: string,
  { clock, log }: KafkaComponents,
): Promise<void> {
  const link = kafkaLink(connection, [], { clock, log });
  const cancel = clock.after(LEAVE_TIMEOUT_MS, () => link.giveUp());
  try {
    await link.use(async (cluster) =>
      ask(await coordinator(cluster, groupId), 'LeaveGroup', LEAVE_VERSION, {
        groupId,
        memberId,
      }),
    );
  } catch (error) {
    log.warn({ error, group: groupId }, 'left a group without its knowing; it will notice');
  }
  cancel();
  link.giveUp();
}

function coordinator(cluster: Cluster, groupId: string): Promise<Broker> {
  return cluster.findGroupCoordinator({ groupId });
}

function throwIfAny(errorCode: number): void {
  const error = errorOfCode(errorCode);
  if (error !== null) throw error;
}

function same(some: readonly number[], others: readonly number[]): boolean {
  return some.length === others.length && some.every((each, index) => each === others[index]);
}
