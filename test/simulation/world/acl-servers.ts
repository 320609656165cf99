/**
 * The ACL servers of `Webhook` targets, behind the interface of the AclDriver port. They keep the
 * protocol's one promise: what they say is in force was in force at some time. All else may go
 * wrong: requests and answers are lost or late, an answer is of a while ago, writes are taken and
 * not, or not wholly, brought into force, and a server goes back to what it once had.
 */
import { berthError } from '../../../services/contract/errors.ts';
import type { TargetName } from '../../../services/contract/identity.ts';
import { type IpAddress, parseIp } from '../../../services/contract/ip-address.ts';
import type { WebhookSpec } from '../../../services/contract/objects.ts';
import type { AclDriver, AclInForce, AclSet } from '../../../services/ports/acl-driver/port.ts';
import { type Life, newLife } from '../scheduler.ts';
import type { Surroundings } from '../surroundings.ts';

/** How a server takes a write: as it should; not at all; but for one address. All answer 200. */
export type Obedience = 'whole' | 'none' | 'part';

export interface AclServer {
  readonly url: string;
  inForce(): AclInForce;
  obedience: Obedience;
  /** Nobody answers. */
  isDown: boolean;
  /** To something that it had before, or to nothing at all. */
  goBack(): void;
  /** Somebody else writes: one address is gone, another one there. */
  meddle(): void;
}

export interface AclServers {
  connect(life: Life, target: TargetName, spec: WebhookSpec): AclDriver;
  at(url: string): AclServer;
  all(): readonly AclServer[];
}

interface Content extends AclInForce {
  /** Null: nothing was ever written. */
  readonly etag: number | null;
}

interface Storage {
  readonly server: AclServer;
  now(): Content;
  /** What is there, or what was a while ago. */
  told(): Content;
  /** False: the condition does not hold. */
  put(set: AclSet, ifMatch: number | null): boolean;
}

const NOTHING: Content = { revision: 0, addresses: [], etag: null };
const STRANGER = parseIp('192.0.2.99');
const SECOND_MS = 1000;
const SLOW_MS = 20_000;
/** How many changes ago an answer may be of. */
const STALE_MAX = 4;

/** `onChange` is shown each change of what is in force somewhere. */
export function createAclServers(
  surroundings: Surroundings,
  onChange: (server: AclServer) => void,
): AclServers {
  const { scheduler, dice } = surroundings;
  const network = newLife('acl servers');
  const storages = new Map<string, Storage>();

  function storageAt(url: string): Storage {
    const storage = storages.get(url) ?? createStorage(url, surroundings, onChange);
    storages.set(url, storage);
    return storage;
  }

  /** One request: `work` runs at the server, maybe after nobody waits for it any more. */
  function request<T>(
    life: Life,
    { target, spec }: { readonly target: TargetName; readonly spec: WebhookSpec },
    work: () => T,
  ): Promise<T> {
    const { faults } = surroundings;
    const { server } = storageAt(spec.url);
    return new Promise((resolve, reject) => {
      const timeoutMs = spec.timeoutSeconds * SECOND_MS;
      const cancel = scheduler.later(life, timeoutMs, () => {
        reject(berthError('BERTH_ACL_TIMEOUT', { target, timeoutMs }));
      });
      const wayMs = () => (dice.chance(faults.aclSlow) ? dice.next() * SLOW_MS : dice.delayMs());
      if (dice.chance(faults.aclRequestLost)) return;
      scheduler.later(network, wayMs(), () => {
        if (server.isDown) return;
        const said = work();
        if (dice.chance(faults.aclAnswerLost)) return;
        scheduler.later(life, wayMs(), () => {
          cancel();
          resolve(said);
        });
      });
    });
  }

  return {
    at: (url) => storageAt(url).server,
    all: () => [...storages.values()].map(({ server }) => server),
    connect(life, target, spec) {
      const storage = storageAt(spec.url);
      const to = { target, spec };
      let seen: Content | null = null;

      async function look(): Promise<Content> {
        seen = null;
        seen = await request(life, to, storage.told);
        return seen;
      }

      /** False: what was seen is not there any more. */
      async function put(set: AclSet, last: Content): Promise<boolean> {
        const { revision } = set;
        if (last.revision > revision) {
          throw berthError('BERTH_ACL_AHEAD', { target, there: last.revision, revision });
        }
        seen = null;
        return request(life, to, () => storage.put(set, last.etag));
      }

      return {
        kind: 'webhook',
        async write(set) {
          if (await put(set, seen ?? (await look()))) return;
          if (await put(set, await look())) return;
          throw berthError('BERTH_ACL_CONTENDED', { target });
        },
        async read() {
          const { revision, addresses } = await look();
          return { revision, addresses };
        },
      };
    },
  };
}

function createStorage(
  url: string,
  surroundings: Surroundings,
  onChange: (server: AclServer) => void,
): Storage {
  const { dice, history } = surroundings;
  const contents: Content[] = [NOTHING];
  let etags = 0;
  const now = (): Content => contents.at(-1) ?? NOTHING;

  function become(content: Content, why: string): void {
    contents.push(content);
    const { revision, addresses } = content;
    history.tell(url, `${why}: revision ${revision}, ${addresses.join(', ') || 'nothing'}`);
    onChange(server);
  }

  const server: AclServer = {
    url,
    inForce: now,
    obedience: 'whole',
    isDown: false,
    goBack: () => become(dice.pick(contents), 'goes back'),
    meddle() {
      const { revision, addresses } = now();
      const left = addresses.filter(() => dice.chance(0.5));
      const changed = [...left, ...(dice.chance(0.3) ? [STRANGER] : [])].sort();
      become({ revision, addresses: changed, etag: ++etags }, 'is written by others');
    },
  };

  return {
    server,
    now,
    told: () => {
      if (!dice.chance(surroundings.faults.aclStale)) return now();
      return contents.at(-1 - dice.below(STALE_MAX)) ?? now();
    },
    put({ revision, entries }, ifMatch) {
      if (now().etag !== ifMatch) return false;
      if (server.obedience === 'none') return true;
      const whole: readonly IpAddress[] = entries.map(({ address }) => address);
      const addresses = server.obedience === 'whole' ? whole : whole.slice(1);
      become({ revision, addresses, etag: ++etags }, `${server.obedience} written`);
      return true;
    },
  };
}
