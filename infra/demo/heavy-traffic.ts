/**
 * Traffic under which a gateway is taken away: for each of a few pods a bulk connection and a dense
 * UDP probe, beside what the pods do anyhow. How long nothing came back is what the probes say.
 */
import type { LabPod } from '../lab/pods.ts';
import type { Endpoint, TcpClient, TcpClientInit } from '../lab/traffic/tcp-clients.ts';
import type { Traffic } from '../lab/traffic/traffic.ts';
import type { UdpProbe } from '../lab/traffic/udp-probes.ts';

export interface HeavyTraffic {
  /** Ends it, once the fate of all that was sent is known. */
  close(): Promise<HeavyTrafficSeen>;
}

export interface HeavyTrafficSeen {
  /** Since it began, of all connections of the lab; pods that were deleted do not count. */
  readonly brokenConnections: number;
  /** The longest pause of any of its probes. */
  readonly pauseMs: number;
}

const BULK_BYTES = 256 * 1024;
/** A whole message back and forth each time: some 12 MB/s each way and pod. */
const BULK_INTERVAL_MS = 20;
const PROBE_INTERVAL_US = 1_000;

/** Answers once all of it flows. */
export async function startHeavyTraffic(
  flows: readonly { readonly pod: LabPod; readonly to: Endpoint }[],
  {
    traffic,
    connect,
  }: { readonly traffic: Traffic; readonly connect: (init: TcpClientInit) => TcpClient },
): Promise<HeavyTraffic> {
  const brokenBefore = traffic.tcpTotals().broken;
  const bulks = flows.map((flow) =>
    connect({ ...flow, messageBytes: BULK_BYTES, intervalMs: BULK_INTERVAL_MS }),
  );
  const probes: UdpProbe[] = flows.map((flow) =>
    traffic.probe({ ...flow, intervalUs: PROBE_INTERVAL_US }),
  );
  await Promise.all(bulks.map(({ established }) => established));
  return {
    async close() {
      await Promise.all(probes.map((probe) => probe.close()));
      await Promise.all(bulks.map((bulk) => bulk.close()));
      const pauses = probes.map(({ longestPauseMs }) => longestPauseMs);
      return {
        brokenConnections: traffic.tcpTotals().broken - brokenBefore,
        pauseMs: Math.max(0, ...pauses),
      };
    },
  };
}
