/**
 * What happens to the cluster: pods come, go, move and are relabelled, under new uids and under
 * old ones; EgressNats, pools, targets, namespaces and gateways change, go and come back.
 */
import type { AclTargetSpec } from '../../services/contract/objects.ts';
import type { Dice } from './dice.ts';
import type { SimulationOptions } from './options.ts';
import type { Cluster, ClusterPod } from './world/cluster.ts';
import {
  ACL_SERVERS,
  APPS,
  aclTarget,
  cidrs,
  EVERYTHING,
  egressNat,
  GATEWAY,
  LARGE_BLOCK,
  labelled,
  NAMESPACES,
  NODES,
  namespace,
  natPool,
  node,
  POOLS,
  pod,
  SMALL_BLOCK,
  TARGETS,
  webhook,
} from './world/scenery.ts';

export interface Workload {
  /** The cluster as it is at first. */
  begin(): void;
  /** One change. */
  act(): void;
  /** Room for everybody: afterwards every selected pod must get its berths. */
  makeRoom(): void;
}

const PODS_MAX = 9;
const NAMES = ['db-0', 'db-1', 'web-0', 'web-1'];
const NATS = ['checkout', 'audit'];

export function createWorkload(
  { scarce, quarantineSeconds, webhook: hasWebhook }: SimulationOptions,
  cluster: Cluster,
  dice: Dice,
): Workload {
  let uids = 0;
  let fleeting = 0;

  function createPod(): void {
    if (cluster.pods().length >= PODS_MAX) return;
    const of = dice.pick(NAMESPACES);
    const name = dice.pick(NAMES);
    // Manifests without a uid get one that namespace and name determine.
    const uid = dice.chance(0.3) ? `${of}-${name}` : `${of}-${name}-${++uids}`;
    if (cluster.pod(uid) !== undefined) return;
    put(of, uid, {
      name,
      labels: { app: dice.pick(APPS) },
      node: dice.chance(0.1) ? null : dice.pick(NODES),
      statefulSet: name.startsWith('db') ? 'db' : null,
      hostNetwork: dice.chance(0.03),
    });
  }

  function put(of: string, uid: string, facts: Partial<ClusterPod['pod']>): void {
    cluster.put(pod(of, uid, facts));
  }

  function withPod(change: (found: ClusterPod) => void): void {
    const pods = cluster.pods();
    if (pods.length > 0) change(dice.pick(pods));
  }

  function deletePod({ namespace: of, pod: { uid } }: ClusterPod): void {
    cluster.remove({ kind: 'Pod', namespace: of, uid });
  }

  const podChanges: readonly (() => void)[] = [
    () =>
      withPod((found) => {
        deletePod(found);
        const { namespace: of, pod: facts } = found;
        const again = dice.chance(0.5);
        const uid = again ? facts.uid : `${of}-${facts.name}-${++uids}`;
        put(of, uid, { ...facts, uid, node: dice.chance(0.5) ? facts.node : dice.pick(NODES) });
      }),
    () =>
      withPod(({ namespace: of, pod: facts }) =>
        put(of, facts.uid, { ...facts, labels: { app: dice.pick(APPS) } }),
      ),
    () => withPod(({ namespace: of, pod: facts }) => put(of, facts.uid, bound(facts))),
    () =>
      withPod(({ namespace: of, pod: facts }) =>
        put(of, facts.uid, { ...facts, finished: facts.finished || dice.chance(0.3) }),
      ),
  ];

  function bound(facts: ClusterPod['pod']): ClusterPod['pod'] {
    return { ...facts, node: facts.node ?? dice.pick(NODES) };
  }

  function changeEgressNat(): void {
    const of = dice.pick(NAMESPACES);
    const name = dice.pick(NATS);
    if (dice.chance(0.25)) {
      cluster.remove({ kind: 'EgressNat', namespace: of, name });
      if (dice.chance(0.5)) return;
    }
    cluster.put(
      egressNat(of, name, {
        pool: dice.chance(0.75) ? 'blue' : 'green',
        addresses: { min: dice.below(2), max: dice.between(1, 3) },
        podSelector: dice.chance(0.5) ? EVERYTHING : labelled({ app: dice.pick(APPS) }),
        targets: TARGETS.filter(() => dice.chance(0.6)),
        inline: dice.chance(0.3) ? [{ cidrs: cidrs('192.0.2.128/25'), except: [], ports: [] }] : [],
        onUnmapped: dice.chance(0.5) ? 'Pass' : 'Drop',
      }),
    );
  }

  /** Where blocks are scarce, one address for each namespace, and a short rest. */
  function usualPool(name: string): ReturnType<typeof natPool> {
    const addresses = cidrs(`${POOLS[name]}/${scarce ? 31 : 30}`);
    return natPool(name, { addresses, quarantineSeconds });
  }

  function changePool(): void {
    const name = dice.pick(Object.keys(POOLS));
    if (dice.chance(0.25)) {
      cluster.remove({ kind: 'NatPool', name });
      if (dice.chance(0.4)) return;
    }
    // Often as it was: an object that comes back is another one that says the same.
    if (scarce || dice.chance(0.3)) {
      cluster.put(usualPool(name));
      return;
    }
    const { from, to } = { from: 1024, to: 65535 };
    cluster.put(
      natPool(name, {
        // The pools overlap where green is as wide as can be.
        addresses: cidrs(
          dice.chance(0.15) ? '203.0.113.0/26' : `${POOLS[name]}/${dice.between(30, 32)}`,
        ),
        ports: { from, to, perPod: dice.chance(0.7) ? LARGE_BLOCK : SMALL_BLOCK },
        allowedNamespaces: dice.chance(0.85) ? EVERYTHING : labelled({ team: 'a' }),
        addressesPerNamespaceMax: dice.between(1, 4),
        quarantineSeconds: dice.between(1, quarantineSeconds),
      }),
    );
  }

  function changeTarget(): void {
    const name = dice.pick(TARGETS);
    if (dice.chance(0.25)) {
      cluster.remove({ kind: 'AclTarget', name });
      if (dice.chance(0.4)) return;
    }
    // Sometimes nobody is let in any more; who was keeps what runs.
    const team = isWebhook(name) && dice.chance(0.5) ? 'b' : 'a';
    const allowedNamespaces = dice.chance(0.75) ? EVERYTHING : labelled({ team });
    cluster.put(aclTarget(name, { allowedNamespaces, driver: otherDriver(name) }));
  }

  function otherDriver(name: string): AclTargetSpec['driver'] {
    if (isWebhook(name) && dice.chance(0.8)) return webhook(dice.pick(ACL_SERVERS));
    const allowed = dice.chance(0.7) ? cidrs('203.0.113.0/24') : cidrs('203.0.113.16/31');
    return { type: 'Manual', allowed };
  }

  const isWebhook = (name: string): boolean => hasWebhook && name === TARGETS[0];

  function usualTarget(name: string): ReturnType<typeof aclTarget> {
    const [url] = ACL_SERVERS;
    return isWebhook(name) && url !== undefined
      ? aclTarget(name, { driver: webhook(url) })
      : aclTarget(name);
  }

  /** A namespace with one pod, for a moment: nothing names it any more when it is gone. */
  function fleetingNamespace(): void {
    const last = `fleeting-${fleeting}`;
    const isThere = cluster.remove({ kind: 'Pod', namespace: last, uid: `${last}-pod` });
    cluster.remove({ kind: 'EgressNat', namespace: last, name: 'checkout' });
    if (isThere) return;
    const next = `fleeting-${++fleeting}`;
    if (dice.chance(0.5)) cluster.put(egressNat(next, 'checkout'));
    put(next, `${next}-pod`, { node: dice.pick(NODES) });
  }

  function changeScenery(): void {
    const which = dice.below(3);
    if (which === 0) cluster.put(node(dice.pick([...NODES, GATEWAY]), dice.chance(0.5)));
    else if (which === 1) {
      cluster.put(namespace(dice.pick(NAMESPACES), dice.chance(0.5) ? { team: 'a' } : {}));
    } else cluster.remove({ kind: 'Namespace', name: dice.pick(NAMESPACES) });
  }

  return {
    begin() {
      for (const name of NODES) cluster.put(node(name, false));
      cluster.put(node(GATEWAY, true));
      for (const name of NAMESPACES) {
        cluster.put(namespace(name, { team: 'a' }));
        cluster.put(egressNat(name, 'checkout'));
      }
      for (const name of Object.keys(POOLS)) cluster.put(usualPool(name));
      for (const name of TARGETS) cluster.put(usualTarget(name));
      for (let i = 0; i < 4; i++) createPod();
    },
    act() {
      const kind = dice.next();
      if (kind < 0.3) createPod();
      else if (kind < 0.5) withPod(deletePod);
      else if (kind < 0.7) dice.pick(podChanges)();
      else if (kind < 0.82) {
        changeEgressNat();
        // What shrinks while somebody comes is where an address is given back and handed out.
        if (dice.chance(0.5)) createPod();
      } else if (kind < (hasWebhook ? 0.86 : 0.9)) changePool();
      else if (kind < 0.94) changeTarget();
      else if (kind < 0.97) fleetingNamespace();
      else changeScenery();
    },
    makeRoom() {
      for (const name of NAMESPACES) cluster.put(namespace(name, { team: 'a' }));
      cluster.put(node(GATEWAY, true));
      for (const [name, first] of Object.entries(POOLS)) {
        cluster.put(natPool(name, { addresses: cidrs(`${first}/28`), quarantineSeconds }));
      }
      for (const name of TARGETS) cluster.put(usualTarget(name));
      for (const object of cluster.objects()) {
        if (object.kind !== 'EgressNat') continue;
        const { name, spec } = object.facts;
        const addresses = { min: 1, max: 6 };
        cluster.put(egressNat(object.namespace, name, { ...spec, addresses }));
      }
    },
  };
}
