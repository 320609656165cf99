/**
 * When a pod may start: it is announced, the kernel has its mapping (read back), and the gateways
 * were asked to have it too. Until then the answer waits, bounded; a pod that waits in vain stays
 * announced, so that what it sends to protected destinations is rejected, not leaked.
 */
import { berthError } from '../contract/errors.ts';
import type { PodUid } from '../contract/identity.ts';
import type { Clock } from '../runtime/clock.ts';
import type { CniHandler } from './cni-socket.ts';
import type { Gateway } from './gateway/gateway.ts';
import type { HeldBack } from './held-back.ts';
import type { Link } from './link.ts';
import type { NodeAgent } from './node-agent.ts';

export interface CniHandlerInit {
  /** For the hub to name the pod, and for its berth. @default 10_000 */
  readonly mappedTimeoutMs?: number;
  /** Passing it costs the pod's first packets a retransmission. @default 1000 */
  readonly gatewaysTimeoutMs?: number;
}

export interface CniHandlerComponents {
  readonly agent: NodeAgent;
  readonly link: Pick<Link, 'gatewaysAt' | 'mapped'>;
  readonly clock: Clock;
  readonly heldBack: Pick<HeldBack, 'sums'>;
  /** Null: the node is none. */
  readonly gateway: Gateway | null;
}

const defaults = { mappedTimeoutMs: 10_000, gatewaysTimeoutMs: 1000 };

export function createCniHandler(
  init: CniHandlerInit,
  { agent, link, clock, heldBack, gateway }: CniHandlerComponents,
): CniHandler {
  const { mappedTimeoutMs, gatewaysTimeoutMs } = { ...defaults, ...init };

  async function untilMayStart(uid: PodUid, ip: string): Promise<void> {
    const startedMs = clock.nowMs();
    const refused = (reason: string): Error => {
      const waitedMs = Math.round(clock.nowMs() - startedMs);
      return berthError('BERTH_CNI_NOT_MAPPED', { uid, waitedMs, reason });
    };
    const timeout = new AbortController();
    const cancel = clock.after(mappedTimeoutMs, () => timeout.abort());
    try {
      const isSo = (): boolean => {
        // Another add took the address, or a del came: this call's pod is not there any more.
        if (agent.podAttachment(uid)?.ip !== ip) throw refused('it was replaced');
        return ['mapped', 'unselected'].includes(agent.podState(uid));
      };
      if (await agent.changes.until(isSo, timeout.signal)) return;
      const held = agent.podState(uid) === 'unmapped';
      throw refused(held ? 'it has no berth yet' : 'the hub has not named it');
    } finally {
      cancel();
    }
  }

  return {
    async add(attachment) {
      const { uid, ip } = attachment;
      const { uids, readBackAtMs } = await agent.addPod(attachment);
      if (uids.length > 0) link.mapped(uids, readBackAtMs);
      await agent.guardPod(attachment);
      await untilMayStart(uid, ip);
      if (agent.podState(uid) !== 'mapped') return null;
      await link.gatewaysAt(agent.podVersion(uid), gatewaysTimeoutMs);
      return agent.portRange(uid);
    },
    del: (uid, of) => agent.removePod(uid, of),
    status: async () => ({
      entries: agent.heldEntries(),
      version: agent.held().version,
      heldBack: heldBack.sums(),
    }),
    gateway: async () => mustBe(gateway).status(),
    drain: async () => mustBe(gateway).drain(),
    undrain: async () => mustBe(gateway).undrain(),
  };
}

function mustBe(gateway: Gateway | null): Gateway {
  if (gateway === null) throw berthError('BERTH_GATEWAY_NONE', {});
  return gateway;
}
