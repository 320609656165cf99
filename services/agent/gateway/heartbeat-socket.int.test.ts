/** Heartbeats over real sockets, on two of the loopback's addresses. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, expect, it, vi } from 'vitest';
import { parseIp } from '../../contract/ip-address.ts';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import { jsonLog } from '../../runtime/log.ts';
import { type HeartbeatSocket, openHeartbeatSocket } from './heartbeat-socket.ts';

const [HERE, THERE] = [parseIp('127.0.0.21'), parseIp('127.0.0.22')] as const;
const log = jsonLog({ level: 'silent' });
const open: HeartbeatSocket[] = [];

afterEach(() => {
  for (const socket of open.splice(0)) socket.close();
});

async function takenPort() {
  const holder = createSocket('udp4').bind(0, HERE);
  await once(holder, 'listening');
  return { port: holder.address().port, free: () => holder.close() };
}

function socketAt(address: typeof HERE, port: number, clock: Clock = systemClock()) {
  const texts: string[] = [];
  const heard = (datagram: Uint8Array): void => {
    texts.push(Buffer.from(datagram).toString());
  };
  const socket = openHeartbeatSocket({ address, port, heard }, { clock, log });
  open.push(socket);
  return { socket, texts };
}

/** One datagram may come before the other end is bound: it is said until it is heard. */
async function arrives(from: HeartbeatSocket, at: typeof HERE, texts: string[]): Promise<void> {
  await vi.waitUntil(() => {
    from.send(Buffer.from('lub'), at);
    return texts.includes('lub');
  });
}

it('what one says the other hears, both ways', async () => {
  const { port, free } = await takenPort();
  free();
  const [one, other] = [socketAt(HERE, port), socketAt(THERE, port)];
  await arrives(one.socket, THERE, other.texts);
  await arrives(other.socket, HERE, one.texts);
});

it('an address that cannot be bound is tried again; until then sending is no error', async () => {
  const { port, free } = await takenPort();
  const tries: (() => void)[] = [];
  const clock: Clock = {
    ...systemClock(),
    after: (_, work) => {
      tries.push(work);
      return () => undefined;
    },
  };
  const late = socketAt(HERE, port, clock);
  const other = socketAt(THERE, port);
  await vi.waitUntil(() => tries.length === 1);
  late.socket.send(Buffer.from('too early'), THERE);
  free();
  tries[0]?.();
  await arrives(late.socket, THERE, other.texts);
  expect(other.texts).not.toContain('too early');
});

it('one that is closed says nothing and hears nothing, and may be closed again', async () => {
  const { port, free } = await takenPort();
  free();
  const [one, other] = [socketAt(HERE, port), socketAt(THERE, port)];
  await arrives(one.socket, THERE, other.texts);
  one.socket.close();
  one.socket.close();
  one.socket.send(Buffer.from('after'), THERE);
  await arrives(socketAt(HERE, port).socket, THERE, other.texts);
  expect(other.texts).not.toContain('after');
});

it('one that is closed before it is bound gives its address back', async () => {
  const { port, free } = await takenPort();
  free();
  socketAt(HERE, port).socket.close();
  const [later, other] = [socketAt(HERE, port), socketAt(THERE, port)];
  await arrives(later.socket, THERE, other.texts);
});
