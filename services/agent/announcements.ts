/**
 * What the container runtime said of pods, as it came. What has nothing to do with each other may
 * be done as one; what has is done in order.
 */
import type { PodUid } from '../contract/identity.ts';
import type { PodAttachment, SandboxOf } from './pod-attachment.ts';

/** What the container runtime said of one pod. */
export type Announcement =
  | { readonly kind: 'add'; readonly attachment: PodAttachment }
  /**
   * A runtime deletes a pod's dead sandbox again when the pod already has its next one: that one
   * stays.
   */
  | { readonly kind: 'remove'; readonly uid: PodUid; readonly of: SandboxOf };

/** Runs of announcements of which no two name the same pod, address or interface. */
export function independent(announcements: readonly Announcement[]): Announcement[][] {
  const runs: Announcement[][] = [];
  let named = new Set<string>();
  for (const announcement of announcements) {
    const names = namesIn(announcement);
    const run = runs.at(-1);
    if (run === undefined || names.some((name) => named.has(name))) {
      runs.push([announcement]);
      named = new Set(names);
    } else {
      run.push(announcement);
      for (const name of names) named.add(name);
    }
  }
  return runs;
}

function namesIn(announcement: Announcement): string[] {
  if (announcement.kind === 'remove') return [`uid ${announcement.uid}`];
  const { uid, ip, hostInterface } = announcement.attachment;
  return [`uid ${uid}`, `ip ${ip}`, `interface ${hostInterface}`];
}
