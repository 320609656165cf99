/**
 * Which mappings the hub was told of, and may not have heard: a link that breaks takes what was
 * just sent with it. A report counts as delivered when its link still stands some time later (the
 * keepalive was answered behind it); what is not delivered is told again on the next link.
 * Bounded by the pods that a node can have: one report a pod, the latest.
 */
import type { PodUid } from '../contract/identity.ts';
import type { Clock } from '../runtime/clock.ts';

export interface MappedReportsInit {
  readonly deliveredAfterMs: number;
}

export interface MappedReport {
  readonly uids: readonly PodUid[];
  readonly readBackAtMs: number;
}

export interface MappedReports {
  /** Said on the link that is up, or kept for the next one. */
  add(uids: readonly PodUid[], readBackAtMs: number): void;
  /** The answer is to be sent on the new link. */
  linkUp(): readonly MappedReport[];
  linkDown(): void;
}

const NOT_SENT = Number.POSITIVE_INFINITY;

export function createMappedReports(
  init: MappedReportsInit,
  { clock }: { readonly clock: Clock },
): MappedReports {
  const waiting = new Map<PodUid, { readonly readBackAtMs: number; sentAtMs: number }>();
  let up = false;

  function forgetDelivered(): void {
    const delivered = clock.nowMs() - init.deliveredAfterMs;
    for (const [uid, { sentAtMs }] of waiting) if (sentAtMs < delivered) waiting.delete(uid);
  }

  function stampAll(sentAtMs: number): void {
    for (const report of waiting.values()) report.sentAtMs = sentAtMs;
  }

  return {
    add(uids, readBackAtMs) {
      forgetDelivered();
      const sentAtMs = up ? clock.nowMs() : NOT_SENT;
      for (const uid of uids) waiting.set(uid, { readBackAtMs, sentAtMs });
    },
    linkUp() {
      up = true;
      stampAll(clock.nowMs());
      const byTime = Map.groupBy(waiting, ([, { readBackAtMs }]) => readBackAtMs);
      return [...byTime].map(([readBackAtMs, group]) => ({
        uids: group.map(([uid]) => uid),
        readBackAtMs,
      }));
    },
    linkDown() {
      forgetDelivered();
      up = false;
      stampAll(NOT_SENT);
    },
  };
}
