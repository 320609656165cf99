/**
 * What each node shall have: its own resources and the layers that it shares with others (guards,
 * addresses, blocks of a pool), so that 5,000 nodes do not hold 5,000 copies. Layers of one node
 * never share a key. Every change is noted for the nodes that it concerns until it is taken.
 */
import type { NodeName } from '../../contract/identity.ts';
import { createResourceSet, type HashedResource, type ResourceSet } from './resource-set.ts';

/** Keys that changed, or a node whose layers changed: compare everything. */
export type NodeChange = ReadonlySet<string> | 'everything';

/** All resources of a node. */
export interface NodeSet {
  readonly checksum: bigint;
  get(key: string): HashedResource | undefined;
  resources(): Iterable<HashedResource>;
}

export interface Layer {
  put(resource: HashedResource): void;
  remove(key: string): void;
}

export interface SharedLayer extends Layer {
  readonly set: ResourceSet;
  readonly members: Set<NodeName>;
}

export interface NodeSets {
  own(node: NodeName): Layer;
  /** The layers of a node beside its own; until it is given any, the initial ones. */
  assign(node: NodeName, layers: readonly SharedLayer[]): void;
  /** A layer that nodes may share; each call makes a new one. */
  layer(): SharedLayer;
  node(node: NodeName): NodeSet;
  /** What changed since the last call. */
  takeChanges(): ReadonlyMap<NodeName, NodeChange>;
}

interface NodeState extends NodeSet {
  readonly own: Layer;
  layers: readonly SharedLayer[];
}

/** `initial` is asked for when a node is first named. */
export function createNodeSets(initial: () => readonly SharedLayer[]): NodeSets {
  const nodes = new Map<NodeName, NodeState>();
  const changes = createChanges();

  function join(node: NodeName, state: NodeState, layers: readonly SharedLayer[]): void {
    for (const old of state.layers) old.members.delete(node);
    state.layers = layers;
    for (const layer of layers) layer.members.add(node);
    changes.everything(node);
  }

  function stateOf(node: NodeName): NodeState {
    const known = nodes.get(node);
    if (known !== undefined) return known;
    const made = nodeState((key) => changes.one(node, key));
    nodes.set(node, made);
    join(node, made, initial());
    return made;
  }

  return {
    own: (node) => stateOf(node).own,
    assign: (node, layers) => {
      const state = stateOf(node);
      const same = layers.length === state.layers.length;
      if (!same || layers.some((layer, i) => layer !== state.layers[i])) join(node, state, layers);
    },
    layer: () => {
      const set = createResourceSet();
      const members = new Set<NodeName>();
      return { ...noting(set, (key) => changes.shared(members, key)), set, members };
    },
    node: stateOf,
    takeChanges: changes.take,
  };
}

function nodeState(note: (key: string) => void): NodeState {
  const ownSet = createResourceSet();
  const state: NodeState = {
    own: noting(ownSet, note),
    layers: [],
    get checksum() {
      return state.layers.reduce((sum, { set }) => sum ^ set.checksum, ownSet.checksum);
    },
    get: (key) => {
      const layer = state.layers.find(({ set }) => set.get(key) !== undefined);
      return ownSet.get(key) ?? layer?.set.get(key);
    },
    *resources() {
      yield* ownSet.resources();
      for (const { set } of state.layers) yield* set.resources();
    },
  };
  return state;
}

function noting(set: ResourceSet, note: (key: string) => void): Layer {
  return {
    put: (resource) => {
      if (set.put(resource)) note(resource.key);
    },
    remove: (key) => {
      if (set.remove(key)) note(key);
    },
  };
}

interface Changes {
  one(node: NodeName, key: string): void;
  everything(node: NodeName): void;
  /** Of all that are members when the changes are taken. */
  shared(members: ReadonlySet<NodeName>, key: string): void;
  take(): ReadonlyMap<NodeName, NodeChange>;
}

function createChanges(): Changes {
  const byNode = new Map<NodeName, Set<string> | 'everything'>();
  const byMembers = new Map<ReadonlySet<NodeName>, Set<string>>();

  function one(node: NodeName, key: string): void {
    const known = byNode.get(node);
    if (known === undefined) byNode.set(node, new Set([key]));
    else if (known !== 'everything') known.add(key);
  }

  return {
    one,
    everything: (node) => {
      byNode.set(node, 'everything');
    },
    shared: (members, key) => {
      byMembers.set(members, (byMembers.get(members) ?? new Set()).add(key));
    },
    take: () => {
      for (const [members, keys] of byMembers) {
        for (const node of members) for (const key of keys) one(node, key);
      }
      const taken = new Map(byNode);
      byMembers.clear();
      byNode.clear();
      return taken;
    },
  };
}
