/**
 * One line of `kubectl get ... -o json --watch --output-watch-events`: `{"type": ..., "object":
 * ...}`. Total: whatever the line is, the answer says what it means or what is wrong with it.
 */
import { berthError } from '../../../contract/errors.ts';
import { readKubernetesKey, readKubernetesObject } from '../objects/kubernetes-object.ts';
import { fieldRefusal, type Refusal } from '../objects/refusal.ts';
import type { Problem, SourceKey, SourceObject } from '../port.ts';
import { type Place, problemOf, problemOfRefusal, syntaxProblem } from '../problem.ts';

export type WatchLine =
  | { readonly is: 'present'; readonly object: SourceObject }
  | { readonly is: 'gone'; readonly key: SourceKey }
  /** A bookmark, a blank line, an object that means nothing to Berth. */
  | { readonly is: 'nothing' }
  | { readonly is: 'refused'; readonly problems: readonly Problem[] };

const NOTHING: WatchLine = { is: 'nothing' };

export function readWatchLine(text: string, place: Place): WatchLine {
  if (text.trim() === '') return NOTHING;
  let event: unknown;
  try {
    event = JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { is: 'refused', problems: [syntaxProblem(reason, place)] };
  }
  if (!isRecord(event)) return refused([fieldRefusal([], 'must be a watch event')], place);
  const { type, object } = event;
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
      return presentLine(object, place);
    case 'DELETED':
      return goneLine(object, place);
    case 'BOOKMARK':
      return NOTHING;
    case 'ERROR':
      return { is: 'refused', problems: [watchErrorProblem(object, place)] };
    default: {
      const reason = 'must be ADDED, MODIFIED, DELETED, BOOKMARK or ERROR';
      const hint = 'record with --output-watch-events';
      return refused([fieldRefusal(['type'], `${reason}; ${hint}`)], place);
    }
  }
}

function presentLine(object: unknown, place: Place): WatchLine {
  const read = readKubernetesObject(object, { podUid: 'required' });
  switch (read.is) {
    case 'object':
      return { is: 'present', object: read.object };
    case 'other':
      return NOTHING;
    case 'refused':
      return refused(read.refusals, place);
  }
}

/** Only the name needs to be right: what is deleted is deleted whatever else it was. */
function goneLine(object: unknown, place: Place): WatchLine {
  const read = readKubernetesKey(object);
  if (read === null) return NOTHING;
  return 'key' in read ? { is: 'gone', key: read.key } : refused(read.refusals, place);
}

/** A Status. Also 410 (Gone) says only that the stream lost its place, not that anything went. */
function watchErrorProblem(object: unknown, place: Place): Problem {
  const { code, reason, message } = isRecord(object) ? object : {};
  const known = [code, reason, message].filter((part) => part !== undefined && part !== '');
  const text = known.length === 0 ? 'without a reason' : known.map(String).join(' ');
  return problemOf(berthError('BERTH_INPUT_WATCH_ERROR', { reason: text }), place);
}

function refused(refusals: readonly Refusal[], place: Place): WatchLine {
  return { is: 'refused', problems: refusals.map((one) => problemOfRefusal(one, place)) };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
