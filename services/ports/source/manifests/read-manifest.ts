/**
 * What a manifest's text says: its objects, and what of it is refused. Pure. `kind: List`, as
 * `kubectl get -o yaml` writes it, counts as the objects in it.
 */
import { berthError } from '../../../contract/errors.ts';
import { factsText, keyOf, keyText, nameText } from '../object-key.ts';
import { readKubernetesObject } from '../objects/kubernetes-object.ts';
import type { Path } from '../objects/refusal.ts';
import type { Problem, SourceKey, SourceObject } from '../port.ts';
import { problemOf, problemOfRefusal, syntaxProblem } from '../problem.ts';
import { parseYaml } from './yaml-documents.ts';

export interface ManifestObject {
  readonly object: SourceObject;
  readonly key: SourceKey;
  readonly keyText: string;
  readonly nameText: string;
  readonly factsText: string;
  readonly file: string;
  readonly line: number;
}

export interface Manifest {
  readonly objects: readonly ManifestObject[];
  /** Nothing follows from the absence of an object while there are any. */
  readonly problems: readonly Problem[];
}

export function readManifest(file: string, text: string): Manifest {
  const { documents, errors } = parseYaml(text);
  const problems = errors.map(({ line, reason }) => syntaxProblem(reason, { file, line }));
  const objects: ManifestObject[] = [];
  for (const document of documents) {
    for (const { value, path } of objectsIn(document.value)) {
      const read = readKubernetesObject(value, { podUid: 'derived' });
      if (read.is === 'object') {
        objects.push(manifestObject(read.object, file, document.lineOf(path)));
      } else if (read.is === 'refused') {
        for (const refusal of read.refusals) {
          const line = document.lineOf([...path, ...refusal.path]);
          problems.push(problemOfRefusal(refusal, { file, line }));
        }
      }
    }
  }
  return { objects, problems };
}

/** Two objects of one name, or of one key: the second is not in force. */
export function duplicateProblem(second: ManifestObject, first: ManifestObject): Problem {
  const samePlace = second.nameText === first.nameText ? 'metadata.name' : 'metadata.uid';
  const error = berthError('BERTH_INPUT_DUPLICATE', {
    object: second.nameText,
    first: `${first.file}:${first.line}`,
    second: `${second.file}:${second.line}`,
  });
  return problemOf(error, { file: second.file, line: second.line }, samePlace);
}

function* objectsIn(value: unknown): Generator<{ value: unknown; path: Path }> {
  if (!isList(value)) {
    yield { value, path: [] };
    return;
  }
  for (const [index, item] of value.items.entries()) yield { value: item, path: ['items', index] };
}

function isList(value: unknown): value is { readonly items: readonly unknown[] } {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, apiVersion, items } = value as Record<string, unknown>;
  return kind === 'List' && apiVersion === 'v1' && Array.isArray(items);
}

function manifestObject(object: SourceObject, file: string, line: number): ManifestObject {
  const key = keyOf(object);
  return {
    object,
    key,
    keyText: keyText(key),
    nameText: nameText(object),
    factsText: factsText(object),
    file,
    line,
  };
}
