/** Keys of source objects, and one text for each, to look them up by. */
import { canonicalJson } from '../../contract/canonical.ts';
import type { SourceKey, SourceObject } from './port.ts';

export function keyOf(object: SourceObject): SourceKey {
  switch (object.kind) {
    case 'Pod':
      return { kind: 'Pod', namespace: object.namespace, uid: object.pod.uid };
    case 'EgressNat':
      return { kind: 'EgressNat', namespace: object.namespace, name: object.facts.name };
    case 'Namespace':
      return { kind: 'Namespace', name: object.facts.name };
    case 'Node':
      return { kind: 'Node', name: object.facts.name };
    case 'NatPool':
      return { kind: 'NatPool', name: object.facts.name };
    case 'AclTarget':
      return { kind: 'AclTarget', name: object.facts.name };
  }
}

export function keyText(key: SourceKey): string {
  switch (key.kind) {
    case 'Pod':
      return `Pod ${key.namespace}/${key.uid}`;
    case 'EgressNat':
      return `EgressNat ${key.namespace}/${key.name}`;
    case 'Namespace':
    case 'Node':
    case 'NatPool':
    case 'AclTarget':
      return `${key.kind} ${key.name}`;
  }
}

/** What people call the object: a name can be held by one object of a kind at a time. */
export function nameText(object: SourceObject): string {
  if (object.kind === 'Pod') return `Pod ${object.namespace}/${object.pod.name}`;
  return keyText(keyOf(object));
}

/** Equal texts mean equal facts. */
export function factsText(object: SourceObject): string {
  return canonicalJson(object);
}
