/** Targets with ACL servers on the loopback, and the real driver that writes to them. */
import { serveAcl, TEST_KEY } from '../../../infra/acl-server/testing/served-acl.ts';
import { parseIp } from '../../../services/contract/ip-address.ts';
import { webhookDriver } from '../../../services/ports/acl-driver/webhook.ts';
import { systemClock } from '../../../services/runtime/clock.ts';
import { systemRandom } from '../../../services/runtime/random.ts';

export interface Pushed {
  readonly names: readonly string[];
  /** Writes a set of this revision, and reads back what is in force. */
  push(target: string, revision: number, signal: AbortSignal): Promise<void>;
  revisionOf(target: string): number;
  close(): Promise<void>;
}

const ADDRESSES = Array.from({ length: 16 }, (_, at) => parseIp(`203.0.113.${at + 16}`));
const TIMEOUT_SECONDS = 60;

export async function pushedTargets(count: number): Promise<Pushed> {
  const components = {
    secrets: { read: async () => TEST_KEY },
    clock: systemClock(),
    random: systemRandom(),
  };
  const names = Array.from({ length: count }, (_, at) => `target-${at}`);
  const all = await Promise.all(
    names.map(async (target) => {
      const served = await serveAcl(target);
      const spec = {
        type: 'Webhook',
        url: served.url,
        secretRef: { name: 'key' },
        caRef: null,
        timeoutSeconds: TIMEOUT_SECONDS,
      } as const;
      return [target, { served, driver: webhookDriver({ target, spec }, components) }] as const;
    }),
  );
  const targets = new Map(all);
  const entries = ADDRESSES.map((address) => ({
    address,
    namespace: 'shop',
    egressNat: 'checkout',
  }));

  return {
    names,
    async push(target, revision, signal) {
      const its = targets.get(target);
      if (its === undefined) throw new Error(`no target ${target}`);
      await its.driver.write({ revision, entries }, signal);
      const { revision: inForce } = await its.driver.read(signal);
      if (inForce !== revision) throw new Error(`${target} has ${inForce}, not ${revision}`);
    },
    revisionOf: (target) => targets.get(target)?.served.revision ?? 0,
    async close() {
      await Promise.all([...targets.values()].map(({ served }) => served.close()));
    },
  };
}
