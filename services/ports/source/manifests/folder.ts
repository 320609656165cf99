/**
 * What a folder of manifests says as a whole, and what of it is in force. Pure: it is told what
 * each file says and answers with the events that follow.
 *
 * A file with problems takes nothing away: what it had in force and does not define now is kept
 * until it is read without one. Of two definitions of one object the one in force stays in force
 * (at the start: the one whose file sorts first), and the other is a problem.
 */
import type { Problem, SourceEvent } from '../port.ts';
import { duplicateProblem, type Manifest, type ManifestObject } from './read-manifest.ts';

export interface Folder {
  /** Takes what the files say now (null: deleted); the problems and changes that follow. */
  settle(changes: ReadonlyMap<string, Manifest | null>): readonly SourceEvent[];
  /** Everything in force. */
  list(): readonly SourceEvent[];
  /** Whether absence proves anything. */
  isComplete(): boolean;
  files(): Iterable<string>;
  /** Whether the file, saying this, would take away something that it has in force. */
  takesAway(file: string, manifest: Manifest): boolean;
  /** Whether the file, saying this, would define again what another file has in force. */
  repeats(file: string, manifest: Manifest): boolean;
}

interface FileState extends Manifest {
  /** Was in force before a problem, and is not defined now. */
  readonly kept: readonly ManifestObject[];
}

export function createFolder(): Folder {
  const files = new Map<string, FileState>();
  let inForce = new Map<string, ManifestObject>();
  let problems = new Map<string, Problem>();

  function settle(changes: ReadonlyMap<string, Manifest | null>): readonly SourceEvent[] {
    for (const [file, manifest] of changes) {
      const kept = manifest === null ? [] : keptBy(manifest, inForceOf(file));
      if (manifest === null) files.delete(file);
      else files.set(file, { ...manifest, kept });
    }
    const before = { inForce, problems };
    const sorted = [...files.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
    const chosen = choose(
      sorted.map(([, state]) => state),
      inForce,
    );
    inForce = chosen.inForce;
    problems = problemsOf(sorted, chosen.duplicates);
    return [
      ...[...problems].flatMap(([text, problem]): SourceEvent[] =>
        before.problems.has(text) ? [] : [{ type: 'problem', problem }],
      ),
      ...differences(before.inForce, inForce),
    ];
  }

  function inForceOf(file: string): readonly ManifestObject[] {
    return [...inForce.values()].filter((object) => object.file === file);
  }

  return {
    settle,
    list: () => [...inForce.values()].map(({ object }) => ({ type: 'present', object })),
    isComplete: () => [...files.values()].every((state) => state.problems.length === 0),
    files: () => files.keys(),
    takesAway: (file, manifest) => missing(manifest, inForceOf(file)).length > 0,
    repeats(file, { objects }) {
      const others = [...inForce.values()].filter((object) => object.file !== file);
      const names = new Set(others.map(({ nameText }) => nameText));
      return objects.some(({ nameText }) => names.has(nameText));
    },
  };
}

function keptBy(manifest: Manifest, had: readonly ManifestObject[]): readonly ManifestObject[] {
  return manifest.problems.length === 0 ? [] : missing(manifest, had);
}

function missing(manifest: Manifest, had: readonly ManifestObject[]): readonly ManifestObject[] {
  const names = new Set(manifest.objects.map(({ nameText }) => nameText));
  return had.filter(({ nameText }) => !names.has(nameText));
}

interface Choice {
  /** By key. */
  readonly inForce: Map<string, ManifestObject>;
  readonly duplicates: readonly Problem[];
}

/** `files` in order; what is only kept yields to what is defined. */
function choose(files: readonly FileState[], before: ReadonlyMap<string, ManifestObject>): Choice {
  const fileBefore = new Map([...before.values()].map(({ nameText, file }) => [nameText, file]));
  const wasInForce = ({ nameText, file }: ManifestObject) => fileBefore.get(nameText) === file;
  const defined = files.flatMap(({ objects }) => objects);
  const candidates = [
    ...defined.filter(wasInForce),
    ...defined.filter((object) => !wasInForce(object)),
  ];
  const inForce = new Map<string, ManifestObject>();
  const names = new Map<string, ManifestObject>();
  const duplicates: Problem[] = [];
  const take = (object: ManifestObject): ManifestObject | undefined => {
    const first = names.get(object.nameText) ?? inForce.get(object.keyText);
    if (first !== undefined) return first;
    names.set(object.nameText, object);
    inForce.set(object.keyText, object);
    return undefined;
  };
  for (const object of candidates) {
    const first = take(object);
    if (first !== undefined) duplicates.push(duplicateProblem(object, first));
  }
  for (const object of files.flatMap(({ kept }) => kept)) take(object);
  return { inForce, duplicates };
}

function problemsOf(
  files: readonly (readonly [string, Manifest])[],
  duplicates: readonly Problem[],
): Map<string, Problem> {
  const all = [...files.flatMap(([, manifest]) => manifest.problems), ...duplicates];
  return new Map(all.map((problem) => [JSON.stringify(problem), problem]));
}

/** What is gone first: a pod's successor of the same name finds the place empty. */
function differences(
  before: ReadonlyMap<string, ManifestObject>,
  after: ReadonlyMap<string, ManifestObject>,
): readonly SourceEvent[] {
  const events: SourceEvent[] = [];
  for (const [text, { key }] of before) if (!after.has(text)) events.push({ type: 'gone', key });
  for (const [text, { object, factsText }] of after) {
    if (before.get(text)?.factsText !== factsText) events.push({ type: 'present', object });
  }
  return events;
}
