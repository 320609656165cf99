/**
 * One command to a Redis on the loopback, whose answer is one line: enough to ask whether it is
 * there and to spoil it in a test. Services speak to it through their adapter.
 */
import { connect } from 'node:net';
import { berthError } from '../../services/contract/errors.ts';

const ANSWER_WITHIN_MS = 5_000;

/** @throws BERTH_SERVER_START when there is no answer, or an error. */
export function redisCommand(port: number, words: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: ANSWER_WITHIN_MS });
    let got = '';
    const fail = (reason: string): void => {
      socket.destroy();
      reject(berthError('BERTH_SERVER_START', { name: 'Redis', reason }));
    };
    socket.setEncoding('utf8');
    socket.once('connect', () => socket.write(encode(words)));
    socket.on('data', (text: string) => {
      got += text;
      const end = got.indexOf('\r\n');
      if (end === -1) return;
      const line = got.slice(1, end);
      if (got.startsWith('-')) return fail(line);
      socket.destroy();
      resolve(line);
    });
    socket.once('timeout', () => fail(`no answer to ${words[0]}`));
    socket.once('error', (error) => fail(error.message));
    socket.once('close', () => fail(`no answer to ${words[0]}`));
  });
}

function encode(words: readonly string[]): string {
  const bulk = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
  return `*${words.length}\r\n${bulk.join('')}`;
}
