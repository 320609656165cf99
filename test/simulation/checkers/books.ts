/**
 * Books of what the history gave to whom, kept from accepted records alone, for the other checkers.
 * Rules of their own: a block is given again only after a Tick whose own time says that the
 * quarantine of its last release is over, and after an ack of that very release or a fence in its
 * place; and it is given
 * only on an address that was not withdrawn and is in the ACL of every target.
 */
import type { Effects } from '../../../services/aggregates/effects.ts';
import type { NamespaceState } from '../../../services/aggregates/namespace/state.ts';
import type { World } from '../../../services/aggregates/world.ts';
import { aggregateName } from '../../../services/contract/identity.ts';
import type { Answer, LoggedEvent } from '../../../services/contract/records.ts';
import type { History } from '../surroundings.ts';
import { type Place, placeText } from './place.ts';

export interface Books {
  /** After the fold took it. */
  event(event: LoggedEvent, effects: Effects): void;
  /** Whether the pod was ever given this place. */
  wasGiven(uid: string, place: Place): boolean;
}

type Granted = Extract<Answer, { kind: 'BerthGranted' }>;

interface Rest {
  readonly aggregate: string;
  readonly release: string;
  readonly releasedAtMs: number;
  readonly quarantineMs: number;
  acked: boolean;
  ticked: boolean;
}

export function createBooks(
  world: World,
  history: History,
  onGrant: (place: Place, uid: string) => void,
): Books {
  const given = new Map<string, Set<string>>();
  /** Claim and base to how the block rests. */
  const rests = new Map<string, Rest>();
  const holders = new Map<string, string>();

  function answered(answer: Answer, { record, timeMs }: LoggedEvent): void {
    const state = world.namespace(aggregateName(record.aggregate));
    if (answer.kind === 'BerthGranted') {
      const grant = state?.claims.get(answer.claim)?.grant;
      if (grant == null) {
        history.broken('one owner', `${answer.pod} got a block of no address`);
        return;
      }
      checkUsable(state, answer);
      const { address, geometry } = grant;
      const place = { address, base: answer.base, size: geometry.blockSize };
      const block = `${answer.claim} ${answer.base}`;
      const holder = holders.get(block);
      if (holder !== undefined) history.broken('one owner', `${block}: ${holder}, ${answer.pod}`);
      const rest = rests.get(block);
      if (rest !== undefined && !(rest.acked && rest.ticked)) {
        history.broken('blocks rest', `${block} to ${answer.pod}: ${JSON.stringify(rest)}`);
      }
      rests.delete(block);
      holders.set(block, `${answer.pod}:${answer.egressNat}`);
      given.set(answer.pod, (given.get(answer.pod) ?? new Set()).add(placeText(place)));
      onGrant(place, answer.pod);
    }
    if (answer.kind === 'BerthReleased') {
      for (const [block, holder] of holders) {
        if (holder !== `${answer.pod}:${answer.egressNat}`) continue;
        holders.delete(block);
        const claim = block.slice(0, block.lastIndexOf(' '));
        const seconds = state?.claims.get(claim)?.grant?.quarantineSeconds ?? 0;
        const acked = isFenced(state, answer.question);
        const { aggregate } = record;
        const rest = { aggregate, release: answer.question, releasedAtMs: timeMs, acked };
        rests.set(block, { ...rest, quarantineMs: seconds * 1000, ticked: false });
      }
    }
  }

  function checkUsable(state: NamespaceState | undefined, granted: Granted): void {
    const { claim: id, egressNat, pod } = granted;
    if (state?.claims.get(id)?.withdrawn === true) {
      history.broken('used where it may be', `${pod} got a block of withdrawn ${id}`);
    }
    for (const target of state?.egressNats.get(egressNat)?.facts.spec.targets ?? []) {
      const entry = world.target(target)?.entries.get(id);
      if (entry?.state === 'confirmed') continue;
      history.broken('used where it may be', `${pod} got a block of ${id}, not in ${target}'s ACL`);
    }
  }

  return {
    event(event, { ignored }) {
      if (ignored !== null) return;
      const { body } = event.record;
      if (body.type === 'Decision') for (const answer of body.answers) answered(answer, event);
      if (body.type === 'NodeFenced') {
        const state = world.namespace(aggregateName(event.record.aggregate));
        for (const rest of rests.values()) {
          if (rest.aggregate !== event.record.aggregate) continue;
          const isFreed = state?.releases.has(rest.release) === false;
          rest.acked ||= isFreed || isFenced(state, rest.release);
        }
      }
      if (body.type !== 'ReleaseAcked' && body.type !== 'Tick') return;
      for (const rest of rests.values()) {
        if (rest.release !== body.release) continue;
        if (body.type === 'ReleaseAcked') rest.acked = true;
        else rest.ticked ||= event.timeMs - rest.releasedAtMs >= rest.quarantineMs;
      }
    },
    wasGiven: (uid, place) => given.get(uid)?.has(placeText(place)) ?? false,
  };
}

/** Whether the fence is true is for the kernels to say (single-owner.ts). */
function isFenced(state: NamespaceState | undefined, release: string): boolean {
  return (state?.releases.get(release)?.fenced ?? null) !== null;
}
