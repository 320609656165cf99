/**
 * From a Kubernetes-shaped object to what Berth knows of it. Kinds that mean nothing to Berth are
 * passed over; what looks like one of ours but is not quite (another version, another case, no
 * kind at all) is refused, because its author thinks that it is in force.
 */
import { z } from 'zod';
import type { SourceKey, SourceObject } from '../port.ts';
import { aclTarget } from './acl-target.ts';
import { egressNat } from './egress-nat.ts';
import { namespaceField } from './metadata.ts';
import { namespace } from './namespace.ts';
import { natPool } from './nat-pool.ts';
import { node } from './node.ts';
import { pod } from './pod.ts';
import { fieldRefusal, type Path, type Refusal, readBy } from './refusal.ts';

export type ObjectRead =
  | { readonly is: 'object'; readonly object: SourceObject }
  | { readonly is: 'refused'; readonly refusals: readonly Refusal[] }
  /** Of a kind that means nothing to Berth. */
  | { readonly is: 'other' };

export interface ReadOptions {
  /** Whether a Pod without `metadata.uid` is refused or gets one made of its name. */
  readonly podUid: 'required' | 'derived';
}

type Kind = SourceObject['kind'];

const BERTH_API = 'berth.dev/v1alpha1';
const API_OF: Readonly<Record<Kind, string>> = {
  Pod: 'v1',
  Namespace: 'v1',
  Node: 'v1',
  NatPool: BERTH_API,
  AclTarget: BERTH_API,
  EgressNat: BERTH_API,
};
const KINDS = Object.keys(API_OF) as Kind[];

/** The other kinds of core v1: there will be no more, so anything else in v1 is a typo. */
const OTHER_CORE_KINDS = new Set(
  `Binding ComponentStatus ConfigMap Endpoints Event LimitRange PersistentVolume
  PersistentVolumeClaim PodTemplate ReplicationController ResourceQuota Secret Service
  ServiceAccount Status`.split(/\s+/),
);

const schemas = {
  Pod: { required: pod('required'), derived: pod('derived') },
  Namespace: namespace,
  Node: node,
  NatPool: natPool,
  AclTarget: aclTarget,
  EgressNat: egressNat,
};

const head = z.looseObject({ apiVersion: z.string().min(1), kind: z.string().min(1) });

/** Total: whatever `value` is. */
export function readKubernetesObject(value: unknown, options: ReadOptions): ObjectRead {
  const kind = kindOf(value);
  if (typeof kind === 'string') return readKind(kind, value, options);
  return kind === null ? { is: 'other' } : { is: 'refused', refusals: kind };
}

/** What the object is called, where nothing else of it needs to be right; null: not one of ours. */
export function readKubernetesKey(
  value: unknown,
): { readonly key: SourceKey } | { readonly refusals: readonly Refusal[] } | null {
  const kind = kindOf(value);
  if (typeof kind !== 'string') return kind === null ? null : { refusals: kind };
  const read = readBy(keyShapes[kind], value);
  if ('refusals' in read) return read;
  const { name, namespace: of, uid } = read.value.metadata;
  if (kind === 'Pod') return { key: { kind, namespace: of, uid } };
  if (kind === 'EgressNat') return { key: { kind, namespace: of, name } };
  return { key: { kind, name } };
}

const keyMetadata = z.object({
  name: z.string().min(1).default(''),
  namespace: namespaceField,
  uid: z.string().min(1).default(''),
});
const keyShapes = Object.fromEntries(
  KINDS.map((kind) => {
    const needed = kind === 'Pod' ? { uid: z.string().min(1) } : { name: z.string().min(1) };
    return [kind, z.object({ metadata: keyMetadata.extend(needed) })];
  }),
) as unknown as Record<Kind, z.ZodType<{ metadata: z.output<typeof keyMetadata> }>>;

/** Null: a kind that means nothing to Berth. */
function kindOf(value: unknown): Kind | readonly Refusal[] | null {
  const read = readBy(head, value);
  if ('refusals' in read) return read.refusals;
  const { apiVersion, kind } = read.value;
  const ours = KINDS.find((one) => one === kind);
  if (ours !== undefined) {
    if (API_OF[ours] === apiVersion) return ours;
    return [fieldRefusal(['apiVersion'], `of a ${ours} must be '${API_OF[ours]}'`)];
  }
  const meant = KINDS.find((one) => one.toLowerCase() === kind.toLowerCase());
  if (meant !== undefined) return unknownKind(['kind'], `'${kind}' is not '${meant}'`);
  if (apiVersion.startsWith('berth.dev/')) {
    return unknownKind(['kind'], `'${kind}' is no kind of ${BERTH_API}`);
  }
  if (apiVersion === 'v1' && !OTHER_CORE_KINDS.has(kind)) {
    return unknownKind(['kind'], `'${kind}' is no kind of v1`);
  }
  return null;
}

function unknownKind(path: Path, reason: string): readonly Refusal[] {
  return [fieldRefusal(path, `${reason}; Berth reads ${KINDS.join(', ')}`)];
}

function readKind(kind: Kind, value: unknown, options: ReadOptions): ObjectRead {
  switch (kind) {
    case 'Pod':
      return objectOr(readBy(schemas.Pod[options.podUid], value), (facts) => ({ kind, ...facts }));
    case 'EgressNat':
      return objectOr(readBy(schemas.EgressNat, value), (facts) => ({ kind, ...facts }));
    case 'Namespace':
      return objectOr(readBy(schemas.Namespace, value), (facts) => ({ kind, facts }));
    case 'Node':
      return objectOr(readBy(schemas.Node, value), (facts) => ({ kind, facts }));
    case 'NatPool':
      return objectOr(readBy(schemas.NatPool, value), (facts) => ({ kind, facts }));
    case 'AclTarget':
      return objectOr(readBy(schemas.AclTarget, value), (facts) => ({ kind, facts }));
  }
}

function objectOr<T>(
  read: { readonly value: T } | { readonly refusals: readonly Refusal[] },
  object: (value: T) => SourceObject,
): ObjectRead {
  if ('refusals' in read) return { is: 'refused', refusals: read.refusals };
  return { is: 'object', object: object(read.value) };
}
