/** The courier as a role: takes wanted sets to the ACL servers of `Webhook` targets. */
import { createCourier } from '../../courier/courier.ts';
import { exposeCourier } from '../../courier/courier-metrics.ts';
import { secretsFolder } from '../../ports/acl-driver/webhook/secrets-folder.ts';
import { webhookDriver } from '../../ports/acl-driver/webhook.ts';
import type { Role, RoleComponents } from './role.ts';

export interface CourierRoleInit {
  /** Folder of the files that AclTargets name; null: there are none. */
  readonly secrets: string | null;
}

export async function courierRole(
  init: CourierRoleInit,
  components: RoleComponents,
): Promise<Role> {
  const { clock, random, metrics } = components;
  const secrets = secretsFolder(init.secrets);
  const courier = await createCourier(
    {},
    {
      ...components,
      connect: (target, spec) => webhookDriver({ target, spec }, { secrets, clock, random }),
    },
  );
  exposeCourier(metrics, { statuses: courier.statuses, clock });
  const { functions, speaker } = courier;
  return { functions, speaker };
}
