/**
 * The ACL gate, by books of its own, kept from records and from what the servers really had, with
 * no look at revisions of sets: no entry of a `Webhook` target is confirmed before its address was
 * in force there at some moment after it was wanted; no block is granted and no kernel maps a pod
 * before all targets confirmed; what is confirmed stays so until it is dropped; and no entry is
 * taken from a wanted set while a pod uses its address.
 */
import type { Effects } from '../../../services/aggregates/effects.ts';
import type { AclEntry } from '../../../services/aggregates/target/state.ts';
import type { World } from '../../../services/aggregates/world.ts';
import {
  aggregateKind,
  aggregateName,
  POOLS,
  type TargetName,
} from '../../../services/contract/identity.ts';
import type { Answer, Body, LoggedEvent } from '../../../services/contract/records.ts';
import type { History } from '../surroundings.ts';
import type { AclServer, AclServers } from '../world/acl-servers.ts';
import type { NodeKernel } from '../world/node-kernel.ts';
import { type HeldPlace, placesIn, placeText } from './place.ts';

export interface AclGate {
  /** After the fold took it. */
  event(event: LoggedEvent, effects: Effects): void;
  serverChanged(server: AclServer): void;
  kernelChanged(kernel: NodeKernel): void;
}

/** An entry as its target was told of it. */
interface Told {
  readonly address: string;
  readonly revision: number;
  /** In force at some moment since. */
  had: boolean;
  confirmed: boolean;
}

interface TargetBooks {
  /** Null: it is not `Webhook`. */
  url: string | null;
  readonly entries: Map<string, Told>;
  /** As the fold had it before this record. */
  before: ReadonlyMap<string, Pick<AclEntry, 'state' | 'inSet' | 'revision' | 'namespace'>>;
}

type Granted = Extract<Answer, { kind: 'BerthGranted' }>;

const RULE = 'ACL gate';

export function createAclGate(world: World, servers: () => AclServers, history: History): AclGate {
  const targets = new Map<TargetName, TargetBooks>();
  const held = new Map<string, readonly HeldPlace[]>();
  /** Places that were given when all targets had confirmed. */
  const cleared = new Set<string>();
  const broken = (what: string): void => history.broken(RULE, what);

  function booksOf(target: TargetName): TargetBooks {
    const books = targets.get(target) ?? { url: null, entries: new Map(), before: new Map() };
    targets.set(target, books);
    return books;
  }

  function look({ url, entries }: TargetBooks): void {
    if (url === null) return;
    const inForce: readonly string[] = servers().at(url).inForce().addresses;
    for (const told of entries.values()) told.had ||= inForce.includes(told.address);
  }

  function targetEvent(target: TargetName, body: Body): void {
    const books = booksOf(target);
    const { entries } = books;
    if (body.type === 'TargetObserved' || body.type === 'TargetGone') {
      const driver = body.type === 'TargetGone' ? null : body.spec.driver;
      const url = driver?.type === 'Webhook' ? driver.url : null;
      // Another server has shown nothing yet.
      if (url !== books.url) for (const told of entries.values()) told.had = false;
      books.url = url;
    }
    if (body.type === 'Forwarded' && body.from === POOLS && body.message.kind === 'WantEntry') {
      const { claim, address, revision } = body.message;
      if (entries.get(claim)?.revision !== revision) {
        entries.set(claim, { address, revision, had: false, confirmed: false });
      }
    }
    if (body.type === 'Decision')
      for (const answer of body.answers) answered(books, target, answer);
    look(books);
    checkKept(books, target, body);
  }

  function answered({ url, entries }: TargetBooks, target: TargetName, answer: Answer): void {
    if (answer.kind === 'EntryRemoved') entries.delete(answer.claim);
    if (answer.kind !== 'EntryConfirmed') return;
    const told = entries.get(answer.claim);
    if (told !== undefined) told.confirmed = true;
    if (told !== undefined && (url === null || told.had)) return;
    const address = told?.address ?? answer.claim;
    broken(`${target} confirmed ${address}, which ${url} never had since it was wanted`);
  }

  /** What the record did to entries that were there before it. */
  function checkKept(books: TargetBooks, target: TargetName, body: Body): void {
    const state = world.target(target);
    const isOurs = state?.spec?.driver.type === 'Webhook';
    for (const [id, was] of books.before) {
      const is = state?.entries.get(id);
      const isSame = is?.revision === was.revision;
      if (was.state === 'confirmed' && isSame && is.state !== 'confirmed') {
        if (body.type !== 'Forwarded') broken(`${body.type} took ${id} from ${target}`);
      }
      if (isOurs && was.inSet && !(isSame && is.inSet)) checkUnused(target, id, was);
    }
    books.before = new Map(
      [...(state?.entries ?? [])].map(([id, { state: of, inSet, revision, namespace }]) => {
        return [id, { state: of, inSet, revision, namespace }];
      }),
    );
  }

  function checkUnused(
    target: TargetName,
    id: string,
    { namespace, revision, state: was }: Pick<AclEntry, 'namespace' | 'revision' | 'state'>,
  ): void {
    const address = booksOf(target).entries.get(id)?.address;
    const state = world.namespace(namespace);
    const claim = state?.claims.get(id);
    const what = `${address} of ${id} left the set of ${target}`;
    if (claim === undefined) {
      const user = [...held.values()].flat().find((place) => place.address === address);
      if (user !== undefined) broken(`${what}, ${user.ip} on ${user.node} still uses it`);
      return;
    }
    // A target that was added while pods ran may never have let them in.
    if (was !== 'confirmed' || claim.targets.get(target) !== revision) return;
    const users = [...claim.used.values()].filter(({ kind }) => kind === 'berth');
    if (users.length > 0) broken(`${what}, while ${users.length} pods of ${namespace} use it`);
  }

  function granted(namespace: string, { claim: id, base, egressNat, pod }: Granted): void {
    const state = world.namespace(namespace);
    const claim = state?.claims.get(id);
    if (claim?.grant == null) return;
    const { address, geometry } = claim.grant;
    for (const target of state?.egressNats.get(egressNat)?.facts.spec.targets ?? []) {
      const told = booksOf(target).entries.get(id);
      const isConfirmed = told?.confirmed === true && told.revision === claim.targets.get(target);
      if (!isConfirmed) broken(`${pod} got a block of ${address}, not confirmed by ${target}`);
    }
    cleared.add(placeText({ address, base, size: geometry.blockSize }));
  }

  return {
    event({ record: { aggregate, body } }, { ignored }) {
      if (ignored !== null) return;
      const name = aggregateName(aggregate);
      if (aggregateKind(aggregate) === 'target') targetEvent(name, body);
      if (aggregateKind(aggregate) !== 'namespace' || body.type !== 'Decision') return;
      for (const answer of body.answers) {
        if (answer.kind === 'BerthGranted') granted(name, answer);
      }
    },
    serverChanged() {
      for (const books of targets.values()) look(books);
    },
    kernelChanged(kernel) {
      const own = placesIn(kernel);
      held.set(kernel.node, own);
      for (const place of own) {
        if (cleared.has(placeText(place))) continue;
        broken(`${place.node} maps ${place.ip} to ${placeText(place)}, which nobody cleared`);
      }
    },
  };
}
