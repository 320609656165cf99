/**
 * When all is quiet, every node has what a hub that folds the log from its beginning would send
 * it; its kernel holds the berths of its running pods as the log has them, and nothing else; every
 * gateway steers every berth to its pod's node; and one gateway answers for each address.
 */
import { egressNatsOf, isMappable } from '../../../services/aggregates/namespace/selection.ts';
import type { NamespaceState } from '../../../services/aggregates/namespace/state.ts';
import type { World } from '../../../services/aggregates/world.ts';
import type { NodeRecord } from '../../../services/contract/node-records.ts';
import { createViews, type Views } from '../../../services/hub/views/views.ts';
import { decodeAddress } from '../../../services/ports/datapath/tables/addresses.ts';
import { decodeBlock } from '../../../services/ports/datapath/tables/blocks.ts';
import { decodeNode } from '../../../services/ports/datapath/tables/nodes.ts';
import { underlayIpOf } from '../processes/agent.ts';
import type { Kubelet } from '../processes/kubelet.ts';
import type { History } from '../surroundings.ts';
import type { NodeKernel } from '../world/node-kernel.ts';
import { type HeldPlace, placesIn, placeText } from './place.ts';

/** The berths of all pods, as the log has them. */
interface LoggedBerth extends Omit<HeldPlace, 'ip'> {
  readonly uid: string;
}

export function checkAgentsEqualLog(
  world: World,
  nodeRecords: readonly NodeRecord[],
  kubelets: readonly Kubelet[],
  history: History,
): void {
  const views = createViews(world, nodeRecords);
  views.settle();
  const berths = berthsIn(world);
  const rule = 'agent equals log';
  for (const { agent, running } of kubelets) {
    const { node, kernel } = agent.machine;
    const held = agent.running()?.agent.held();
    if (held?.checksum !== views.node(node).checksum) {
      history.broken(rule, `${node} has not what it shall have: ${differences(views, agent)}`);
    }
    const wanted = new Set<string>();
    for (const [ip, uid] of running) {
      for (const berth of berths) {
        if (berth.uid === uid && berth.node === node) wanted.add(`${ip} ${placeText(berth)}`);
      }
    }
    const has = new Set(placesIn(kernel).map((place) => `${place.ip} ${placeText(place)}`));
    const missing = [...wanted.difference(has)];
    if (missing.length > 0) history.broken(rule, `${node} lacks ${missing.join(', ')}`);
    // What is left of a sandbox that went without a word has no pod in the log any more.
    const tooMuch = [...has.difference(wanted)];
    if (tooMuch.length > 0) history.broken(rule, `${node} still has ${tooMuch.join(', ')}`);
    if (views.gateways().includes(node)) checkSteering(kernel, berths, kubelets, history);
  }
  checkOwners(views, kubelets, history);
}

/** Plain nodes own nothing; each address that gateways serve is owned by one of them. */
function checkOwners(views: Views, kubelets: readonly Kubelet[], history: History): void {
  const kernels = kubelets.map(({ agent }) => agent.machine.kernel);
  const owners = new Map<string, string[]>();
  for (const kernel of kernels) {
    for (const { natAddress, owned } of kernel.dump('addresses').map(decodeAddress)) {
      const known = owners.get(natAddress) ?? [];
      owners.set(natAddress, owned ? [...known, kernel.node] : known);
    }
  }
  const gateways = views.gateways();
  for (const [address, nodes] of owners) {
    const wanted = gateways.length === 0 ? 0 : 1;
    if (nodes.length === wanted && nodes.every((node) => gateways.includes(node))) continue;
    history.broken('agent equals log', `${address} is owned by ${nodes.join(', ') || 'nobody'}`);
  }
}

function checkSteering(
  kernel: NodeKernel,
  berths: readonly LoggedBerth[],
  kubelets: readonly Kubelet[],
  history: History,
): void {
  const addresses = new Map(
    kernel.dump('addresses').map((entry) => {
      const { addressIndex, natAddress } = decodeAddress(entry);
      return [addressIndex, natAddress];
    }),
  );
  const nodes = new Map(
    kernel.dump('nodes').map((entry) => {
      const { nodeIndex, underlayIp } = decodeNode(entry);
      return [nodeIndex, underlayIp];
    }),
  );
  const blocks = new Map(
    kernel.dump('blocks').map((entry) => {
      const { addressIndex, base, target } = decodeBlock(entry);
      const to = target.kind === 'pod' ? target.ip : nodes.get(target.nodeIndex);
      return [`${addresses.get(addressIndex)} ${base}`, to];
    }),
  );
  for (const { uid, address, base, node } of berths) {
    const kubelet = kubelets.find(({ agent }) => agent.name === node);
    if (kubelet === undefined) continue;
    const ip = [...kubelet.running].find(([, of]) => of === uid)?.[0];
    // A pod that does not run yet gets no packets.
    if (ip === undefined) continue;
    const wanted = node === kernel.node ? ip : underlayIpOf(kubelet.agent.machine.number);
    const found = blocks.get(`${address} ${base}`);
    if (found !== wanted) {
      const what = `${address} ${base} of ${uid} goes to ${found}, not ${wanted}`;
      history.broken('agent equals log', `on gateway ${kernel.node} ${what}`);
    }
  }
}

function berthsIn(world: World): LoggedBerth[] {
  return [...world.aggregates()].flatMap((state) =>
    state.kind === 'namespace' ? berthsOf(state) : [],
  );
}

function berthsOf(state: NamespaceState): LoggedBerth[] {
  return [...state.pods.values()].flatMap(({ facts, present, berths }) => {
    const slots = new Set(
      present && isMappable(facts) ? egressNatsOf(state, facts).map((one) => one.facts.name) : [],
    );
    return [...berths.values()].flatMap(({ egressNat, claim, base, node }) => {
      const grant = state.claims.get(claim)?.grant;
      if (grant == null || !slots.has(egressNat)) return [];
      const { address, geometry } = grant;
      return [{ uid: facts.uid, node, address, base, size: geometry.blockSize }];
    });
  });
}

function differences(views: Views, agent: Kubelet['agent']): string {
  const wanted = new Map(
    [...views.node(agent.name).resources()].map(({ key, bytes }) => [key, bytes]),
  );
  const has = agent.machine.disk.acked().resources;
  return [...new Set([...wanted.keys(), ...has.keys()])]
    .filter((key) => {
      const [a, b] = [wanted.get(key), has.get(key)];
      return a === undefined || b === undefined || Buffer.compare(a, b) !== 0;
    })
    .map((key) => `${key} ${wanted.has(key) ? '' : 'too much'}${has.has(key) ? '' : 'missing'}`)
    .join(', ');
}
