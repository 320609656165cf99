/** The webhook driver holds the suite, against the ACL server of infra/. */
import { serveAcl, TEST_KEY } from '../../../infra/acl-server/testing/served-acl.ts';
import { systemClock } from '../../runtime/clock.ts';
import { systemRandom } from '../../runtime/random.ts';
import { aclDriverConformance } from './conformance.ts';
import { webhookDriver } from './webhook.ts';

aclDriverConformance('the webhook driver', {
  setup: async () => {
    const served = await serveAcl('orders-db');
    const timeoutSeconds = 10;
    const secretRef = { name: 'key' };
    const spec = {
      type: 'Webhook',
      url: served.url,
      secretRef,
      caRef: null,
      timeoutSeconds,
    } as const;
    const secrets = { read: async () => TEST_KEY };
    const components = { secrets, clock: systemClock(), random: systemRandom() };
    return {
      driver: webhookDriver({ target: 'orders-db', spec }, components),
      other: webhookDriver({ target: 'orders-db', spec }, components),
      inForce: async () => [...served.addresses].sort(),
      tamper: async (addresses) => {
        served.addresses = addresses;
      },
      close: served.close,
    };
  },
  teardown: async (harness) => (harness as typeof harness & { close(): Promise<void> }).close(),
});
