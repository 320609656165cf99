/** The janitor as a role: tells which old records could go; deletes nothing without an archive. */
import { createJanitor } from '../../janitor/janitor.ts';
import { exposeJanitor } from '../../janitor/janitor-metrics.ts';
import type { Role, RoleComponents } from './role.ts';

export function janitorRole(components: RoleComponents): Role {
  const janitor = createJanitor({}, components);
  exposeJanitor(components.metrics, janitor);
  return { functions: janitor.functions };
}
