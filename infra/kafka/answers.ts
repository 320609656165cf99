/**
 * Whether a broker is ready: not that its port is open, but that it answers a Metadata request and
 * names as many living brokers as there shall be. The few bytes of Kafka's protocol that this takes
 * are written here, so that nobody has to have a client to start a server.
 */
import { connect } from 'node:net';

const METADATA = 3;
/** The last version without tagged fields. */
const METADATA_VERSION = 8;
const ANSWER_WITHIN_MS = 2_000;
const ANSWER_BYTES_MAX = 1_048_576;
const LENGTH_BYTES = 4;
/** Behind length, correlation id and throttle time. */
const BROKER_COUNT_AT = 12;

/** False for any failure: whoever waits asks again. */
export async function answersWithBrokers(port: number, brokers: number): Promise<boolean> {
  const answer = await ask(port, metadataRequest());
  return answer !== null && answer.readInt32BE(BROKER_COUNT_AT) >= brokers;
}

/** About no topic. */
function metadataRequest(): Buffer {
  const client = 'berth';
  const request = Buffer.alloc(LENGTH_BYTES + 10 + client.length + 7);
  let at = request.writeInt32BE(request.length - LENGTH_BYTES, 0);
  at = request.writeInt16BE(METADATA, at);
  at = request.writeInt16BE(METADATA_VERSION, at);
  at = request.writeInt32BE(1, at);
  at = request.writeInt16BE(client.length, at);
  request.write(client, at);
  // An empty list of topics, and three times no: all zero.
  return request;
}

function ask(port: number, request: Buffer): Promise<Buffer | null> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: ANSWER_WITHIN_MS });
    let got = Buffer.alloc(0);
    const end = (answer: Buffer | null): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => socket.write(request));
    socket.on('data', (bytes: Buffer) => {
      got = Buffer.concat([got, bytes]);
      if (got.length > ANSWER_BYTES_MAX) end(null);
      else if (isWhole(got)) end(got);
    });
    socket.once('timeout', () => end(null));
    socket.once('error', () => end(null));
    socket.once('close', () => end(null));
  });
}

function isWhole(got: Buffer): boolean {
  return got.length > BROKER_COUNT_AT + 4 && got.length >= LENGTH_BYTES + got.readInt32BE(0);
}
