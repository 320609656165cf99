/** Policies as a recorded stream may bring them itself: not what the player would have supplied. */
const API_VERSION = 'berth.dev/v1alpha1';
const GATEWAY_LABELS = { role: 'egress' };

export const OWN_POOL = '203.0.113.64/28';

/** Pods of Deployments are selected, those of StatefulSets are not. */
export function ownPolicies(namespaces: readonly string[]): readonly string[] {
  const everyone = {};
  return [
    object(
      'NatPool',
      { name: 'green' },
      {
        addresses: [OWN_POOL],
        ports: { from: 1024, to: 65535, perPod: 512 },
        allowedNamespaces: everyone,
        gateways: { selector: { matchLabels: GATEWAY_LABELS }, steering: 'L2' },
        quarantineSeconds: 20,
      },
    ),
    object(
      'AclTarget',
      { name: 'mainframe' },
      {
        cidrs: ['192.0.2.64/28', '192.0.2.128/32'],
        allowedNamespaces: everyone,
        driver: { type: 'Manual', allowed: [OWN_POOL] },
      },
    ),
    ...namespaces.map((namespace) =>
      object(
        'EgressNat',
        { namespace, name: 'apps' },
        {
          pool: 'green',
          addresses: { min: 1, max: 2 },
          podSelector: { matchLabels: { app: 'app' } },
          targets: [{ name: 'mainframe' }],
        },
      ),
    ),
  ];
}

function object(kind: string, metadata: object, spec: object): string {
  return JSON.stringify({
    type: 'ADDED',
    object: { apiVersion: API_VERSION, kind, metadata, spec },
  });
}
