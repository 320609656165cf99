/**
 * An end of a flow, as a process of its own inside a namespace: `server`, or `client` with a JSON
 * order. What happened is printed as one JSON line each.
 *
 * A TCP client sends bytes of a known sequence and closes its side; the server answers who it saw
 * and what it got, and sends as much back.
 */
import { createHash, type Hash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect, createServer } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Order, Seen } from './peer-lines.ts';

const PORT = 5432;
/** A client that nobody answers gives up: silence is what the tests are to find. */
const PATIENCE_MS = 10_000;
const CHUNK_BYTES = 64 * 1024;

// Whoever started us is gone, however it ended.
process.stdin.on('end', () => process.exit(1)).resume();

const [role, order] = process.argv.slice(2);
if (role === 'server') serve();
if (role === 'client') await ask(JSON.parse(order ?? ''));

function say(seen: Seen): void {
  process.stdout.write(`${JSON.stringify(seen)}\n`);
}

function serve(): void {
  const server = createServer({ allowHalfOpen: true }, async (socket) => {
    const from = socket.remoteAddress ?? '';
    const port = socket.remotePort ?? 0;
    socket.on('error', () => undefined);
    const { bytes, hash } = await digestOf(socket).catch(() => ({ bytes: 0, hash: '' }));
    say({ event: 'seen', from, port, bytes, hash });
    await pipeline(sequence(bytes), socket).catch(() => undefined);
  });
  const udp = createSocket('udp4', (message, { address, port }) => {
    say({ event: 'seen', from: address, port, bytes: message.length });
    udp.send(message, port, address);
  });
  udp.bind(PORT, () => server.listen(PORT, '0.0.0.0', () => say({ event: 'listening' })));
}

async function ask(wanted: Order): Promise<void> {
  AbortSignal.timeout(PATIENCE_MS).addEventListener('abort', () => {
    say({ event: 'error', code: 'SILENCE' });
    process.exit(1);
  });
  try {
    await (wanted.protocol === 'tcp' ? askTcp(wanted) : askUdp(wanted));
  } catch (error) {
    say({ event: 'error', code: (error as NodeJS.ErrnoException).code ?? String(error) });
  }
  process.exit(0);
}

async function askTcp({ host, port, bytes, localPort }: Order): Promise<void> {
  const socket = connect({ host, port, allowHalfOpen: true, localPort });
  socket.once('connect', () => say({ event: 'connected', port: socket.localPort ?? 0 }));
  const sent = pipeline(sequence(bytes), socket, { end: true });
  const [got] = await Promise.all([digestOf(socket), sent]);
  say({ event: 'done', ...got });
}

async function askUdp({ host, port, localPort }: Order): Promise<void> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.once('message', (message) => {
      say({ event: 'done', bytes: message.length, port: socket.address().port });
      resolve();
    });
    socket.bind(localPort, () =>
      socket.connect(port, host, () => {
        socket.send('hello');
      }),
    );
  });
}

async function digestOf(source: Readable): Promise<{ bytes: number; hash: string }> {
  const hash: Hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of source) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, hash: hash.digest('hex') };
}

/** The same bytes for the same length, no two chunks alike. */
function sequence(bytes: number): Readable {
  return Readable.from(chunks(bytes));
}

function* chunks(bytes: number): Generator<Buffer> {
  for (let at = 0; at < bytes; at += CHUNK_BYTES) {
    const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, bytes - at), at % 251);
    chunk.writeUInt32BE(at, 0);
    yield chunk;
  }
}
