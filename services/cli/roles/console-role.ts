/** The console as a role: the installation as people are shown it, on a unix socket. */
import { type ConsoleInit, consoleFunctions } from '../../console/console.ts';
import type { Role, RoleComponents } from './role.ts';

export function consoleRole(
  { socket }: Pick<ConsoleInit, 'socket'>,
  components: RoleComponents,
): Role {
  return { functions: consoleFunctions({ socket, own: components.board }, components) };
}
