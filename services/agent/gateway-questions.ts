/**
 * Questions to the hub whether the gateways are at a version, each bounded in time. No answer
 * counts as no: the pod starts anyway, and its first packets may have to be sent again.
 */
import type { Clock } from '../runtime/clock.ts';

export interface GatewayQuestions {
  ask(timeoutMs: number): { readonly id: bigint; readonly answer: Promise<boolean> };
  answered(id: bigint, inForce: boolean): void;
  /** The link is gone, and with it every answer. */
  abandon(): void;
}

export function createGatewayQuestions({ clock }: { readonly clock: Clock }): GatewayQuestions {
  const open = new Map<bigint, (inForce: boolean) => void>();
  let last = 0n;

  function settle(id: bigint, inForce: boolean): void {
    const resolve = open.get(id);
    open.delete(id);
    resolve?.(inForce);
  }

  return {
    ask(timeoutMs) {
      last += 1n;
      const id = last;
      const answer = new Promise<boolean>((resolve) => {
        const cancel = clock.after(timeoutMs, () => settle(id, false));
        open.set(id, (inForce) => {
          cancel();
          resolve(inForce);
        });
      });
      return { id, answer };
    },
    answered: settle,
    abandon() {
      for (const id of [...open.keys()]) settle(id, false);
    },
  };
}
