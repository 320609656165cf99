/**
 * Clients in pods and servers at targets, all in one native process, so that neither this
 * process's pauses nor a child a pod disturb what is measured. Clients check every byte; servers
 * say whom they saw.
 */
import type { Cidr } from '../../../services/contract/cidr.ts';
import type { Clock } from '../../../services/runtime/clock.ts';
import { captures as nativeCaptures, type RunningCapture } from './captures.ts';
import { echoServers, type PeerSeen } from './echo-servers.ts';
import type { TrafficEvent } from './events.ts';
import { startNativeProcess } from './native-process.ts';
import { type TcpClient, type TcpClientInit, type TcpTotals, tcpClients } from './tcp-clients.ts';
import {
  type EchoProbeInit,
  type LostSample,
  type UdpProbe,
  type UdpProbeInit,
  type UdpWindow,
  udpProbes,
} from './udp-probes.ts';

export interface Traffic {
  /** TCP and UDP echo on every address of the namespace. @throws BERTH_LAB_TRAFFIC */
  serve(netns: string, port: number): Promise<void>;
  connect(init: TcpClientInit): TcpClient;
  probe(init: UdpProbeInit): UdpProbe;
  /** ICMP echo; windows count it too. The pod's `net.ipv4.ping_group_range` must admit it. */
  ping(init: EchoProbeInit): UdpProbe;
  /** Ends every client in the namespace at once, as when the pod's processes are killed. */
  drop(netns: string): Promise<void>;
  tcpTotals(): TcpTotals;
  openUdpWindow(): UdpWindow;
  /** The first 1000 lost datagrams. */
  lostSamples(): readonly LostSample[];
  /** Since the start, of the server in this namespace; the first 100000. */
  peersSeen(netns: string): readonly PeerSeen[];
  /** Counts what enters the namespace towards `to`. @throws BERTH_LAB_TRAFFIC */
  capture(netns: string, to: readonly Cidr[]): Promise<RunningCapture>;
  close(): Promise<void>;
}

export interface TrafficInit {
  readonly labId: string;
  /** What the native process has to say on its standard error. */
  readonly logFile: string;
}

/** @throws BERTH_LAB_TRAFFIC when the native process is not built, or does not start. */
export async function startTraffic(init: TrafficInit, clock: Clock): Promise<Traffic> {
  let lastId = 0;
  let death: Error | null = null;
  const nextId = (): number => ++lastId;
  const send = (command: string): void => {
    if (death === null) native.send(command);
    else queueMicrotask(giveUp);
  };
  const clients = tcpClients(nextId, send);
  const probes = udpProbes(nextId, send);
  const servers = echoServers(nextId, send);
  const captures = nativeCaptures(nextId, send);
  const drops = new Map<number, () => void>();

  const onDropped = (id: number): void => {
    drops.get(id)?.();
    drops.delete(id);
  };
  const giveUp = (): void => {
    if (death === null) return;
    clients.onDeath(clock.nowMs());
    probes.onDeath(death);
    servers.onDeath(death);
    captures.onDeath(death);
    for (const id of [...drops.keys()]) onDropped(id);
  };
  const native = await startNativeProcess({
    ...init,
    onEvent: dispatcher({ clients, probes, servers, captures, onDropped }),
    onDeath: (error) => {
      death = error;
      giveUp();
    },
  });

  return {
    serve: servers.start,
    connect: clients.start,
    probe: probes.start,
    ping: probes.ping,
    drop: (netns) =>
      new Promise((resolve) => {
        const id = nextId();
        drops.set(id, resolve);
        send(`drop ${id} ${netns}`);
      }),
    tcpTotals: clients.totals,
    openUdpWindow: probes.openWindow,
    lostSamples: probes.lostSamples,
    peersSeen: servers.peersSeen,
    capture: captures.start,
    close: () => native.close(),
  };
}

interface Receivers {
  readonly clients: ReturnType<typeof tcpClients>;
  readonly probes: ReturnType<typeof udpProbes>;
  readonly servers: ReturnType<typeof echoServers>;
  readonly captures: ReturnType<typeof nativeCaptures>;
  readonly onDropped: (id: number) => void;
}

function dispatcher({ clients, probes, servers, captures, onDropped }: Receivers) {
  return (event: TrafficEvent): void => {
    switch (event.event) {
      case 'ready':
        break;
      case 'serving':
        servers.onServing(event.id);
        break;
      case 'serve-failed':
        servers.onFailed(event);
        break;
      case 'peer':
        servers.onPeer(event);
        break;
      case 'established':
        clients.onEstablished(event);
        break;
      case 'ended':
        clients.onEnded(event);
        break;
      case 'probe-failed':
        probes.onEnded(event.id, event.reason, 0);
        break;
      case 'probe-ended':
        probes.onEnded(event.id, null, event.longestPauseUs);
        break;
      case 'lost':
        probes.onLost(event);
        break;
      case 'window':
        probes.onWindow(event);
        break;
      case 'capturing':
        captures.onStarted(event.id);
        break;
      case 'capture-failed':
        captures.onFailed(event);
        break;
      case 'captured':
        captures.onSource(event);
        break;
      case 'capture-ended':
        captures.onEnded(event);
        break;
      case 'dropped':
        onDropped(event.id);
        break;
    }
  };
}
