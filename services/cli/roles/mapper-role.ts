/** The mapper as a role: answers what the folded log leaves open. */
import { createMapper } from '../../mapper/mapper.ts';
import { exposeMapper } from '../../mapper/mapper-metrics.ts';
import type { Role, RoleComponents } from './role.ts';

export function mapperRole(components: RoleComponents): Role {
  exposeMapper(components.metrics, components);
  const { functions, isReady } = createMapper({}, components);
  return { functions, isReady };
}
