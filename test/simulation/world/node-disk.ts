/**
 * The agent's files, in memory, outliving it: the same promises as services/agent/acked-file.ts
 * and attachment-files.ts, with failures of which a part is on the disk all the same.
 */
import type { AckedFile } from '../../../services/agent/acked-file.ts';
import type { AttachmentFiles } from '../../../services/agent/attachment-files.ts';
import type { PodAttachment } from '../../../services/agent/pod-attachment.ts';
import { commit, nothingWanted, type Wanted, withoutPods } from '../../../services/agent/wanted.ts';
import type { PodUid } from '../../../services/contract/identity.ts';
import type { Life } from '../scheduler.ts';
import type { Surroundings } from '../surroundings.ts';

export interface NodeDisk {
  openAcked(life: Life, bootId: string): { readonly file: AckedFile; readonly wanted: Wanted };
  /** Pods of another boot are forgotten; opened last, as services/agent/run-agent.ts does. */
  openAttachments(
    life: Life,
    bootId: string,
  ): { readonly files: AttachmentFiles; readonly attachments: readonly PodAttachment[] };
  /** What is on it, for checkers. */
  acked(): Wanted;
}

export function createNodeDisk(surroundings: Surroundings): NodeDisk {
  const { scheduler, dice } = surroundings;
  let acked = nothingWanted();
  let boot = '';
  const pods = new Map<PodUid, PodAttachment>();

  function write(life: Life, changes: readonly (() => void)[]): Promise<void> {
    return new Promise((resolve, reject) => {
      if (!life.alive) return;
      scheduler.later(life, dice.delayMs(), () => {
        const fails = dice.chance(surroundings.faults.diskFails);
        for (const change of changes) {
          if (fails && dice.chance(0.5)) break;
          change();
        }
        const answer = fails ? () => reject(new Error('simulated disk failure')) : resolve;
        scheduler.later(life, dice.delayMs(), answer);
      });
    });
  }

  return {
    openAcked: (life, bootId) => {
      if (boot !== bootId) acked = withoutPods(acked);
      return {
        wanted: copyOf(acked),
        file: {
          append(wanted, change) {
            const next = copyOf(wanted);
            commit(next, change);
            const replace = (): void => {
              acked = next;
            };
            return write(life, [replace]);
          },
        },
      };
    },
    openAttachments(life, bootId) {
      if (boot !== bootId) pods.clear();
      boot = bootId;
      return {
        attachments: [...pods.values()],
        files: {
          write: (changes) =>
            write(
              life,
              changes.map((change) => () => {
                pods.delete('gone' in change ? change.gone : change.uid);
                if (!('gone' in change)) pods.set(change.uid, change);
              }),
            ),
        },
      };
    },
    acked: () => acked,
  };
}

function copyOf({ resources, version, checksum }: Wanted): Wanted {
  return { resources: new Map(resources), version, checksum };
}
