/**
 * The UDP socket of heartbeats, on the node's own fabric address. Sending never waits and never
 * fails: what does not arrive is a missed heartbeat. Where the address cannot be bound (it comes up
 * later, or another agent has it) it is tried again, and said once.
 */
import { createSocket, type Socket } from 'node:dgram';
import type { IpAddress } from '../../contract/ip-address.ts';
import { isV4 } from '../../contract/ip-address.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';

export interface HeartbeatSocket {
  send(datagram: Uint8Array, to: IpAddress): void;
  close(): void;
}

export interface HeartbeatSocketInit {
  readonly address: IpAddress;
  readonly port: number;
  readonly heard: (datagram: Uint8Array) => void;
}

export interface HeartbeatSocketComponents {
  readonly clock: Clock;
  readonly log: Log;
}

const AGAIN_MS = 1_000;

export function openHeartbeatSocket(
  { address, port, heard }: HeartbeatSocketInit,
  { clock, log }: HeartbeatSocketComponents,
): HeartbeatSocket {
  let socket: Socket | null = null;
  let isBound = false;
  let isClosed = false;
  let hasFailed = false;
  let cancel = (): void => undefined;

  function open(): void {
    const made = createSocket({ type: isV4(address) ? 'udp4' : 'udp6' });
    socket = made;
    made.on('message', heard);
    made.on('error', (error) => {
      if (!hasFailed) log.warn({ error, address, port }, 'no heartbeats: the socket failed');
      hasFailed = true;
      isBound = false;
      made.close();
      if (!isClosed) cancel = clock.after(AGAIN_MS, open);
    });
    made.bind(port, address, () => {
      if (isClosed) {
        made.close();
        return;
      }
      isBound = true;
      hasFailed = false;
    });
  }

  open();
  return {
    send(datagram, to) {
      // A failure concerns this datagram alone: the next heartbeat is the next try.
      if (isBound) socket?.send(datagram, port, to, () => undefined);
    },
    close() {
      if (isClosed) return;
      isClosed = true;
      cancel();
      if (isBound) socket?.close();
      isBound = false;
    },
  };
}
