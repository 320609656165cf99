/** Which gateway answers for which NAT addresses, asked of each gateway's agent. */
import { gatewayStatus } from '../lab/gateway-call.ts';
import type { StageNode } from './stage.ts';

/** Those whose agent does not answer are left out. */
export async function ownersNow(
  gateways: readonly StageNode[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const answers = await Promise.all(
    gateways.map(async ({ name, cniSocket }) => {
      try {
        return [[name, (await gatewayStatus(cniSocket)).owned]] as const;
      } catch {
        // It is down, or not up yet.
        return [];
      }
    }),
  );
  return new Map(answers.flat());
}
