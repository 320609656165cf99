/** The mapper as a role: answers what the folded log leaves open. */
import { mapperFunctions } from '../../mapper/mapper.ts';
import { exposeMapper } from '../../mapper/mapper-metrics.ts';
import type { Role, RoleComponents } from './role.ts';

export async function mapperRole(components: RoleComponents): Promise<Role> {
  exposeMapper(components.metrics, components);
  return { functions: await mapperFunctions({}, components) };
}
