/**
 * A recording as the player needs it: its lines in one order with the time of each, and which
 * nodes, namespaces and policies it speaks of. Read as a whole, once, and understood exactly as the
 * control process will understand it: a line that is refused there means nothing here.
 */
import { basename } from 'node:path';
import { berthError } from '../../services/contract/errors.ts';
import { selects } from '../../services/contract/label-selector.ts';
import type {
  AclTargetFacts,
  LabelSelector,
  Labels,
  NatPoolFacts,
} from '../../services/contract/objects.ts';
import type { SourceObject } from '../../services/ports/source/port.ts';
import { describeProblem } from '../../services/ports/source/problem.ts';
import { recordingFiles } from '../../services/ports/source/recording/files.ts';
import { readWatchLine, type WatchLine } from '../../services/ports/source/recording/watch-line.ts';
import { recordingLines } from '../../services/ports/source/recording-time.ts';

export interface RecordedLine {
  /** Path of the recorded file. */
  readonly file: string;
  readonly text: string;
  /** Since the first line, in recorded time. */
  readonly atMs: number;
  readonly says: WatchLine;
}

/** As first said. */
export interface RecordedPolicies {
  readonly pools: readonly NatPoolFacts[];
  readonly targets: readonly AclTargetFacts[];
  /** Recorded nodes that a pool selects as its gateways. */
  readonly gateways: readonly string[];
  /** Labels that every pool selects, as far as that can be. */
  readonly gatewayLabels: Labels;
}

export interface ReadRecording {
  readonly files: readonly string[];
  readonly lines: readonly RecordedLine[];
  readonly nodes: readonly string[];
  readonly namespacesWithPods: readonly string[];
  /** Null: the stream has none. */
  readonly policies: RecordedPolicies | null;
  /** Files that could be read in part only, for people. */
  readonly unreadable: readonly string[];
  readonly durationMs: number;
}

const POLICY_KINDS = ['NatPool', 'EgressNat', 'AclTarget'];

/** @throws BERTH_INPUT_UNREADABLE when there is nothing that can be read */
export async function readRecording(path: string): Promise<ReadRecording> {
  const lines: RecordedLine[] = [];
  const found = findings();
  const unreadable = new Map<string, string>();
  const timed = recordingLines(path, {
    onUnreadable: (problem) => unreadable.set(problem.file, describeProblem(problem)),
  });
  for await (const { file, line, text, atMs } of timed) {
    const says = readWatchLine(text, { file, line });
    if (says.is === 'present') found.present(says.object);
    lines.push({ file, text, atMs, says });
  }
  const files = await recordingFiles(path);
  const [reason] = files.length === 0 ? ['it holds no .ndjson file'] : unreadable.values();
  if (lines.length === 0 && reason !== undefined) {
    throw berthError('BERTH_INPUT_UNREADABLE', { path, reason });
  }
  return {
    ...found.all(),
    files,
    lines,
    unreadable: [...unreadable.values()],
    durationMs: lines.at(-1)?.atMs ?? 0,
  };
}

/** What a recording speaks of, object by object. */
export function findings() {
  const nodes = new Map<string, Labels>();
  const namespaces = new Set<string>();
  const pools = new Map<string, NatPoolFacts>();
  const targets = new Map<string, AclTargetFacts>();
  let hasPolicies = false;

  return {
    present: (object: SourceObject): void => {
      hasPolicies ||= POLICY_KINDS.includes(object.kind);
      if (object.kind === 'Node') nodes.set(object.facts.name, object.facts.labels);
      if (object.kind === 'NatPool') addFirst(pools, object.facts);
      if (object.kind === 'AclTarget') addFirst(targets, object.facts);
      if (object.kind !== 'Pod') return;
      namespaces.add(object.namespace);
      const { node } = object.pod;
      if (node !== null && !nodes.has(node)) nodes.set(node, {});
    },
    all: () => ({
      nodes: [...nodes.keys()].sort(),
      namespacesWithPods: [...namespaces].sort(),
      policies: hasPolicies ? policiesOf([...pools.values()], [...targets.values()], nodes) : null,
    }),
  };
}

function addFirst<Facts extends { readonly name: string }>(
  known: Map<string, Facts>,
  facts: Facts,
): void {
  if (!known.has(facts.name)) known.set(facts.name, facts);
}

function policiesOf(
  pools: readonly NatPoolFacts[],
  targets: readonly AclTargetFacts[],
  nodes: ReadonlyMap<string, Labels>,
): RecordedPolicies {
  const selectors = pools.flatMap(({ spec }) => spec.gatewaySelector ?? []);
  const gateways = [...nodes].filter(([, labels]) => selectors.some((one) => selects(one, labels)));
  const gatewayLabels = Object.assign({}, ...selectors.map(labelsFor));
  return { pools, targets, gateways: gateways.map(([name]) => name).sort(), gatewayLabels };
}

function labelsFor({ matchLabels, matchExpressions }: LabelSelector): Labels {
  const wanted = matchExpressions.filter(({ operator }) => ['In', 'Exists'].includes(operator));
  const asked = wanted.map(({ key, values }): [string, string] => [key, values[0] ?? '']);
  return { ...Object.fromEntries(asked), ...matchLabels };
}

/** The name under which a recorded file is played: plain, and one that a source reads. */
export function playedName(file: string): string {
  const name = basename(file).replace(/\.gz$/, '').replace(/^\.+/, '');
  return name.endsWith('.ndjson') ? name : `${name}.ndjson`;
}
