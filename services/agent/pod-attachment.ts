/**
 * What the container runtime said of one pod when its sandbox was made: the address that it has,
 * and the host's end of its cable. A uid has at most one, and so has an IP: the later one wins.
 */
import type { PodUid } from '../contract/identity.ts';
import type { IpAddress } from '../contract/ip-address.ts';

export interface PodAttachment {
  readonly uid: PodUid;
  readonly ip: IpAddress;
  /** Path of the pod's network namespace; null where the caller did not say. */
  readonly netns: string | null;
  /** Name of the interface on the host's side. */
  readonly hostInterface: string;
}

export function sameAttachment(a: PodAttachment, b: PodAttachment): boolean {
  return (
    a.uid === b.uid && a.ip === b.ip && a.netns === b.netns && a.hostInterface === b.hostInterface
  );
}

/** Which sandbox of a pod is meant; what is not named is any. */
export type SandboxOf = Partial<Pick<PodAttachment, 'ip' | 'netns' | 'hostInterface'>>;

export function isSandbox(attachment: PodAttachment, of: SandboxOf): boolean {
  return sameAttachment(attachment, { ...attachment, ...of });
}

/** With what this boot's kernel calls the interface; null where it is gone. */
export interface LocalAttachment extends PodAttachment {
  readonly ifindex: number | null;
}
