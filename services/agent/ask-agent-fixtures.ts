/** Calls on an agent's CNI socket, for the tests of this folder. */
import { connect } from 'node:net';
import { systemClock } from '../runtime/clock.ts';

const RETRY_MS = 2;
const clock = systemClock();

export type Answer = Readonly<Record<string, unknown>>;

/** As the plugin does it: again and again until the agent is there and answers. */
export async function ask(socketPath: string, request: unknown): Promise<Answer> {
  for (;;) {
    const answer = await askOnce(socketPath, request).catch(() => null);
    if (answer !== null) return answer;
    await clock.sleep(RETRY_MS);
  }
}

function askOnce(socketPath: string, request: unknown): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(socketPath, () => {
      socket.end(`${JSON.stringify(request)}\n`);
    });
    socket.on('data', (part) => {
      text += String(part);
    });
    socket.on('error', reject);
    socket.on('close', () => {
      if (text === '') reject(new Error('no answer'));
      else resolve(JSON.parse(text) as Answer);
    });
  });
}
