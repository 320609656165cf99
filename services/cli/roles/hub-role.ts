/** The hub as a role: views per node, to the agents. Ready when agents can connect. */
import { createHub, type HubInit } from '../../hub/hub.ts';
import { exposeHub } from '../../hub/hub-metrics.ts';
import type { Role, RoleComponents } from './role.ts';

export async function hubRole(init: HubInit, components: RoleComponents): Promise<Role> {
  const hub = await createHub(init, components);
  exposeHub(components.metrics, hub);
  let serves = false;
  void hub.serving.then(() => {
    serves = true;
  });
  return {
    functions: hub.functions,
    isReady: () => serves,
    speaker: hub.speaker,
  };
}
