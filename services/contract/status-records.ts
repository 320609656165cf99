/**
 * The records of `berth.status`: what a process knows that is not in the history. They are for
 * people, and decide nothing. One partition, so that all readers see them in one order; compacted,
 * one key for each thing that a process says, small enough to be said anew whenever it changes.
 *
 * A process has a name, and a new run each time it starts: what an earlier run of a name said is
 * void from the later run's first `Process` on. A process that is silent for some seconds, or said
 * that it has ended, is not believed any more. Readers pass over types that they don't know.
 */
import type { ErrorCode } from './errors.ts';
import type { NodeName, TargetName } from './identity.ts';
import type { Version } from './version.ts';

/** Said again every second, so that silence can be told from having nothing to say. */
export interface ProcessWord {
  readonly type: 'Process';
  /** What it is: `hub`, `mapper` ... */
  readonly roles: readonly string[];
  /** Of this program. */
  readonly release: string;
  readonly adapters: AdapterNames;
  /** When this run said its first word, by the log; null in that word. */
  readonly sinceMs: number | null;
  /** Its last word: it stopped in order. */
  readonly ended: boolean;
}

/** What stands behind the ports of a process; a port that it does not use is left out. */
export interface AdapterNames {
  readonly eventLog?: string;
  readonly jobs?: string;
  readonly source?: string;
}

/**
 * How far a hub has folded. Before it, the hub says each of its links that changed by then: so the
 * links that were read before this word are at least as new as this version.
 */
export interface HubWord {
  readonly type: 'Hub';
  readonly version: Version;
}

/** Some of a hub's nodes, always the same ones under one key: a change costs only these. */
export interface LinksWord {
  readonly type: 'Links';
  readonly links: readonly LinkWord[];
}

export interface LinkWord {
  readonly node: NodeName;
  readonly connected: boolean;
  /** It has pods or is a gateway; others may be without an agent. */
  readonly concerned: boolean;
  /** The node has acked all that it shall have. */
  readonly inSync: boolean;
}

/** How a courier's last push to a target went; null: it is no target of the courier's any more. */
export interface PushWord {
  readonly type: 'Push';
  readonly target: TargetName;
  readonly push: {
    readonly code: ErrorCode | null;
    readonly message: string | null;
    readonly sinceMs: number;
    readonly readBackAtMs: number | null;
  } | null;
}

/** Input that a watcher refused, numbered from 1; the newest ones stay, the others' places are
 * taken by them. */
export interface RefusedInputWord {
  readonly type: 'RefusedInput';
  readonly number: number;
  /** For people: where, code, what is wrong, what to do. */
  readonly text: string;
}

export type StatusWord = ProcessWord | HubWord | LinksWord | PushWord | RefusedInputWord;

/** Key: `PROCESS/PART`; the part's name is the speaker's choice. */
export type StatusRecord = StatusWord & { readonly process: string; readonly run: string };

/** How often a process says `Process`. */
export const BEAT_EVERY_MS = 1_000;
/** A process that has said nothing for so many beats of whoever reads is not believed. */
export const SILENT_BEATS = 4;

export function statusKey(process: string, part: string): string {
  return `${process}/${part}`;
}
