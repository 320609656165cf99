/** The CNI call against agents that answer, hold, hang and hang up. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../services/runtime/clock.ts';
import { type AgentAnswer, type AgentRequest, callAgent } from './agent-call.ts';

const ADD: AgentRequest = {
  verb: 'add',
  uid: 'u1',
  ip: '10.244.1.2',
  netns: '/run/netns/x',
  hostInterface: 'pod1',
};
const HELD = { ok: false, code: 'BERTH_CNI_NOT_MAPPED', message: 'not yet' } as const;
const MAPPED = { ok: true, portRange: { from: 32_768, to: 33_535 } } as const;
const LONG_MS = 30_000;
const SHORT_MS = 200;

let folder: string;
let socketPath: string;
let server: Server | null;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-agent-call-'));
  socketPath = join(folder, 'cni.sock');
  server = null;
});

afterEach(async () => {
  await new Promise<void>((resolve) => {
    if (server === null) resolve();
    else server.close(() => resolve());
  });
  await rm(folder, { recursive: true });
});

/** An agent that does as `answer` says with the nth call. */
async function agent(answer: (nth: number, line: string, socket: Socket) => void): Promise<void> {
  let calls = 0;
  const listening = createServer((socket) => {
    socket.on('error', () => {});
    socket.setEncoding('utf8').once('data', (line) => {
      answer(++calls, String(line), socket);
    });
  });
  server = listening;
  await new Promise<void>((resolve) => {
    listening.listen(socketPath, resolve);
  });
}

function call(timeoutMs: number, signal?: AbortSignal): Promise<AgentAnswer> {
  const init = { socketPath, request: ADD, timeoutMs };
  return callAgent(signal === undefined ? init : { ...init, signal }, systemClock());
}

const say = (socket: Socket, answer: unknown): unknown => socket.end(`${JSON.stringify(answer)}\n`);

describe('the call to the agent', () => {
  it('is one line of JSON, and answers the port range', async () => {
    const lines: string[] = [];
    await agent((_, line, socket) => {
      lines.push(line);
      say(socket, MAPPED);
    });
    expect(await call(LONG_MS)).toEqual(MAPPED);
    expect(lines).toEqual([`${JSON.stringify(ADD)}\n`]);
  });

  it('answers null for a pod that needs no range, and for a deletion', async () => {
    await agent((_, __, socket) => say(socket, { ok: true }));
    expect(await call(LONG_MS)).toEqual({ ok: true, portRange: null });
  });

  it('is repeated until an agent that is not there yet is', async () => {
    const answer = call(LONG_MS);
    await agent((_, __, socket) => say(socket, MAPPED));
    expect(await answer).toEqual(MAPPED);
  });

  it('is repeated while the pod is held', async () => {
    await agent((nth, _, socket) => say(socket, nth < 3 ? HELD : MAPPED));
    expect(await call(LONG_MS)).toEqual(MAPPED);
  });

  it('is repeated when the agent dies in the middle of it', async () => {
    await agent((nth, _, socket) => (nth === 1 ? socket.destroy() : say(socket, MAPPED)));
    expect(await call(LONG_MS)).toEqual(MAPPED);
  });

  it('answers a refusal that time does not mend at once', async () => {
    const bad = { ok: false, code: 'BERTH_CNI_BAD_REQUEST', message: 'no' } as const;
    const seen: number[] = [];
    await agent((nth, _, socket) => {
      seen.push(nth);
      say(socket, bad);
    });
    expect(await call(LONG_MS)).toEqual(bad);
    expect(seen).toEqual([1]);
  });

  it('answers at its bound what it was told last', async () => {
    await agent((nth, _, socket) => (nth === 1 ? say(socket, HELD) : undefined));
    expect(await call(SHORT_MS)).toEqual(HELD);
  });

  it('says that the agent was silent when nobody is there', async () => {
    expect(await call(SHORT_MS)).toMatchObject({ ok: false, code: 'BERTH_LAB_AGENT_SILENT' });
  });

  it('says so of an agent that talks nonsense, too', async () => {
    await agent((_, __, socket) => socket.end('yes\n'));
    expect(await call(SHORT_MS)).toMatchObject({ ok: false, code: 'BERTH_LAB_AGENT_SILENT' });
  });

  it('is given up when it is aborted', async () => {
    const abort = new AbortController();
    await agent(() => {
      abort.abort();
    });
    expect((await call(LONG_MS, abort.signal)).ok).toBe(false);
  });
});
