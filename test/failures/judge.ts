/**
 * What must hold after any failure, asked of the whole history from outside: the fold is made here
 * once more, from the records as a reader of our own saw them, and compared with what every process
 * made of them. Throws at the first fault.
 */
import { isInForce, wantedSet } from '../../services/aggregates/target/wanted-set.ts';
import { createWorld, type World } from '../../services/aggregates/world.ts';
import { loggedEvent } from '../../services/contract/logged-event.ts';
import type { AckRecord, NodeRecord } from '../../services/contract/node-records.ts';
import type { LoggedEvent } from '../../services/contract/records.ts';
import { TOPICS } from '../../services/contract/topics.ts';
import { isAtLeast, type Version } from '../../services/contract/version.ts';
import { createViews } from '../../services/hub/views/views.ts';
import type { Entry } from '../../services/ports/event-log/port.ts';
import { checkAddressOwners, checkSingleOwner } from '../fold/checkers.ts';
import { QUARANTINE_SECONDS, type Stand } from './stand.ts';

export interface Verdict {
  readonly records: number;
  /** Of pods, over the whole history. */
  readonly berths: number;
  /** Decisions that every reader ignored, since another was accepted before. */
  readonly ignored: number;
  readonly checkpoints: number;
  readonly acknowledged: number;
}

/** `rested`: no block rests any more, so every Tick has come, whatever Redis forgot. */
export async function judge(
  stand: Stand,
  { rested }: { readonly rested: boolean },
): Promise<Verdict> {
  const { log, history, acks, witness } = stand;
  const ends = await log.ends(TOPICS.events.name);
  const ackEnds = await log.ends(TOPICS.acks.name);
  await Promise.all([history.until(ends), acks.until(ackEnds)]);
  await history.compare(ends);
  const entries = history.entries(ends);
  const events = entries.map(understood);
  keptAll(entries, witness.acknowledged());

  const saved = await stand.checkpoints.all();
  const { world, berths, ignored } = fold(events, saved.checkpoints);
  checkSingleOwner(events, QUARANTINE_SECONDS * 1_000);
  checkAddressOwners(world);
  await berthsAgree(world, stand);
  await nodesAgree(world, acks.entries(ackEnds), stand);
  aclAgrees(world, stand);
  if (rested) nothingRests(world);
  return {
    records: events.length,
    berths,
    ignored,
    checkpoints: saved.checkpoints.length,
    acknowledged: witness.acknowledged().length,
  };
}

function understood(entry: Entry): LoggedEvent {
  const event = loggedEvent(entry);
  if (event.record !== null) return event;
  throw new Error(`${entry.partition}/${entry.offset} cannot be understood`);
}

function keptAll(entries: readonly Entry[], acknowledged: readonly Entry[]): void {
  const ids = new Map(
    entries.map((each) => [`${each.partition}/${each.offset}`, each.value['id']]),
  );
  for (const { partition, offset, value } of acknowledged) {
    if (ids.get(`${partition}/${offset}`) === value['id']) continue;
    throw new Error(`${partition}/${offset} was acknowledged, and is not in the log`);
  }
}

type CheckpointsOf = Awaited<ReturnType<Stand['checkpoints']['all']>>['checkpoints'];

/** Passes every checkpoint on the way. @throws BERTH_FOLD_CHECKPOINT_DIFFERS */
function fold(
  events: readonly LoggedEvent[],
  checkpoints: CheckpointsOf,
): { readonly world: World; readonly berths: number; readonly ignored: number } {
  const world = createWorld();
  world.compare(checkpoints);
  let [berths, ignored] = [0, 0];
  for (const event of events) {
    const effects = world.apply(event);
    const { body } = event.record;
    if (body.type !== 'Decision') continue;
    if (effects.ignored !== null) ignored += 1;
    else berths += body.answers.filter(({ kind }) => kind === 'BerthGranted').length;
  }
  return { world, berths, ignored };
}

/** Each pod that runs has one berth, nobody else has any, and the console says the same. */
async function berthsAgree(world: World, { churn, status }: Stand): Promise<void> {
  const folded = berthsIn(world);
  const uids = churn.live().map(({ uid }) => uid);
  const places = folded.map(({ place }) => place);
  if (new Set(places).size < places.length) throw new Error(`doubled: ${places.sort().join(', ')}`);
  same(
    'the berths of the fold',
    folded.map(({ uid }) => uid),
    'the pods that run',
    uids,
  );
  const told = (await status.ask())?.berths ?? [];
  same(
    'the berths of the console',
    told.map(({ uid, address, base }) => `${uid} ${address}:${base}`),
    'those of the fold',
    folded.map(({ uid, place }) => `${uid} ${place}`),
  );
}

function berthsIn(world: World): { readonly uid: string; readonly place: string }[] {
  return [...world.aggregates()].flatMap((state) => {
    if (state.kind !== 'namespace') return [];
    return [...state.pods.values()].flatMap(({ facts, present, berths }) =>
      [...berths.values()].flatMap(({ claim, base }) => {
        const address = state.claims.get(claim)?.grant?.address;
        return present && address !== undefined
          ? [{ uid: facts.uid, place: `${address}:${base}` }]
          : [];
      }),
    );
  });
}

/** What each node acked last is what a hub that folds the log would send; none ever went back. */
async function nodesAgree(world: World, acks: readonly Entry[], { log, stage }: Stand) {
  const latest = await log.latest(TOPICS.nodes.name);
  const records = [...latest.values()].map(({ value }) => value as unknown as NodeRecord);
  const views = createViews(world, records);
  views.settle();
  for (const { name } of stage.nodes) {
    const own = acks
      .filter(({ key }) => key === name)
      .map(({ value }) => value as unknown as AckRecord)
      // Pushes, in the order in which it acked them: a hub that slept writes late what it was told.
      .filter(({ sentAtMs }) => sentAtMs !== null)
      .sort((a, b) => a.readBackAtMs - b.readBackAtMs);
    let before: Version = {};
    for (const { version } of own) {
      if (!isAtLeast(version, before)) {
        const versions = `${JSON.stringify(version)} after ${JSON.stringify(before)}`;
        throw new Error(`${name} acked ${versions}`);
      }
      before = version;
    }
    const last = own.at(-1);
    if (last === undefined || BigInt(`0x${last.checksum}`) !== views.node(name).checksum) {
      throw new Error(`${name} has not what it shall have`);
    }
  }
}

function aclAgrees(world: World, { acl }: Stand): void {
  for (const state of world.aggregates()) {
    if (state.kind !== 'target') continue;
    const wanted = wantedSet(state);
    if (wanted === null) continue;
    const addresses = wanted.entries.map(({ address }) => String(address));
    same('the ACL', acl.addresses.map(String), 'what is wanted', addresses);
    if (!isInForce(state))
      throw new Error(`${state.key}: the log does not know that it is in force`);
  }
}

function nothingRests(world: World): void {
  for (const state of world.aggregates()) {
    if (state.kind !== 'namespace' || state.releases.size === 0) continue;
    throw new Error(`${state.key}: ${state.releases.size} blocks rest`);
  }
}

function same(what: string, has: readonly string[], other: string, shall: readonly string[]): void {
  const [a, b] = [[...has].sort().join(', '), [...shall].sort().join(', ')];
  if (a !== b) throw new Error(`${what}: ${a}; ${other}: ${b}`);
}
