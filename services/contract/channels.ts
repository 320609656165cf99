/**
 * What code says of what it does, for whoever listens: channels of `node:diagnostics_channel` by
 * name, `berth:<service>:<verb>`, with what each message holds. Only I/O shells speak (the fold
 * answers, it never tells), and nothing may depend on being heard.
 */
import type { ErrorCode } from './error-table.ts';
import type { TargetName } from './identity.ts';
import type { Body, EventRecord } from './records.ts';
import type { RefusedBecause } from './refusal.ts';

export interface ChannelMessages {
  'berth:agent:link-changed': { readonly up: boolean };
  /** `code`: of the refusal; null: acked. `seconds`: until the answer was known. */
  'berth:agent:push-answered': { readonly code: string | null; readonly seconds: number };
  /** The whole tables were read; so many entries of each were repaired. */
  'berth:agent:tables-checked': { readonly repairs: Readonly<Record<string, number>> };
  'berth:agent:program-lost': { readonly program: string };
  'berth:agent:cni-answered': {
    readonly verb: 'add' | 'del' | 'status' | 'gateway' | 'drain' | 'undrain' | 'unknown';
    readonly code: ErrorCode | null;
    readonly seconds: number;
  };
  /** `false`: from now on the fold may lack what the source has. */
  'berth:watcher:sight-changed': { readonly sees: boolean };
  'berth:watcher:events-heard': { readonly relists: number };
  'berth:watcher:term-began': object;
  'berth:watcher:input-refused': { readonly code: ErrorCode };
  'berth:log:entries-written': { readonly entries: number; readonly seconds: number };
  'berth:mapper:record-folded': {
    readonly type: Body['type'];
    /** Null: it was taken. */
    readonly ignored: string | null;
  };
  'berth:mapper:record-refused': { readonly because: RefusedBecause };
  'berth:mapper:records-made': { readonly records: readonly EventRecord[] };
  'berth:mapper:append-repeated': object;
  /** What was folded until then is in checkpoints. */
  'berth:mapper:checkpoints-saved': { readonly allUpToMs: number };
  /** All that are this mapper's from now on. */
  'berth:mapper:partitions-assigned': { readonly partitions: readonly number[] };
  /** `code`: of the failure; null: it succeeded. */
  'berth:jobs:run-ended': { readonly queue: string; readonly code: string | null };
  /** A job is run again: whoever ran it said nothing any more. */
  'berth:jobs:stalled': { readonly queue: string };
  /** A target was looked at, and written where need be. `code`: `other` is none of ours. */
  'berth:courier:push-ended': {
    readonly target: TargetName;
    /** Null: what is wanted is in force. */
    readonly code: ErrorCode | 'other' | null;
  };
  'berth:hub:push-sent': {
    readonly kind: 'snapshot' | 'delta';
    readonly records: number;
    readonly bytes: number;
  };
  /** As the agent says it: anything. */
  'berth:hub:push-refused': { readonly code: string };
  'berth:console:pod-mapped': { readonly seconds: number };
}

export type ChannelName = keyof ChannelMessages;
