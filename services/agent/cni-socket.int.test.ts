/** The CNI socket: what is asked is understood or refused with a code, and always answered. */
import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { berthError } from '../contract/errors.ts';
import { systemClock } from '../runtime/clock.ts';
import { jsonLog } from '../runtime/log.ts';
import { type CniHandler, type CniSocket, openCniSocket } from './cni-socket.ts';

let folder = '';
let path = '';
let socket: CniSocket | undefined;
let calls: unknown[] = [];

const ADD = {
  verb: 'add',
  uid: 'a',
  ip: '10.1.0.5',
  netns: '/run/netns/a',
  hostInterface: 'veth1',
};

const answering: CniHandler = {
  add: async (attachment) => {
    calls.push(attachment);
    return { from: 32768, to: 33535 };
  },
  del: async (uid, of) => {
    calls.push([uid, of]);
  },
  status: async () => ({ entries: { pods: 3 }, version: { 0: 7 } }),
  gateway: async () => ({ drained: false, owned: [], peers: [{ name: 'gw2', live: true }] }),
  drain: async () => {
    calls.push('drain');
  },
  undrain: async () => {
    calls.push('undrain');
  },
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-cni-'));
  path = join(folder, 'run', 'cni.sock');
  calls = [];
});

afterEach(async () => {
  await socket?.close();
  socket = undefined;
  await rm(folder, { recursive: true });
});

async function serving(handler: CniHandler): Promise<void> {
  socket = await openCniSocket(path, {
    handler,
    clock: systemClock(),
    log: jsonLog({ level: 'silent' }),
  });
}

/** Everything that comes back before the other side closes. */
function exchange(text: string): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const client = connect(path, () => client.end(text));
    client.setEncoding('utf8');
    client.on('data', (part: string) => {
      answer += part;
    });
    client.on('error', reject);
    client.on('close', () => {
      resolve(
        answer
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line) as unknown),
      );
    });
  });
}

describe('the CNI socket', () => {
  it('answers an add with the port range', async () => {
    await serving(answering);
    expect(await exchange(`${JSON.stringify(ADD)}\n`)).toEqual([
      { ok: true, portRange: { from: 32768, to: 33535 } },
    ]);
    const { verb, ...attachment } = ADD;
    expect([verb, calls]).toEqual(['add', [attachment]]);
  });

  it('answers several requests of one connection in order', async () => {
    await serving({ ...answering, add: async () => null });
    const of = { ip: '10.1.0.5', hostInterface: 'veth1' };
    const lines = [ADD, { verb: 'del', uid: 'a' }, { verb: 'del', uid: 'b', ...of }];
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    expect(await exchange(text)).toEqual([
      { ok: true, portRange: null },
      { ok: true },
      { ok: true },
    ]);
    expect(calls).toEqual([
      ['a', {}],
      ['b', of],
    ]);
  });

  it('says what the node has', async () => {
    await serving(answering);
    expect(await exchange('{"verb":"gateway"}\n{"verb":"drain"}\n{"verb":"undrain"}\n')).toEqual([
      { ok: true, drained: false, owned: [], peers: [{ name: 'gw2', live: true }] },
      { ok: true },
      { ok: true },
    ]);
    expect(calls).toEqual(['drain', 'undrain']);
    expect(await exchange('{"verb":"status"}\n')).toEqual([
      { ok: true, entries: { pods: 3 }, version: { 0: 7 } },
    ]);
  });

  it('says with which code an add failed', async () => {
    const details = { uid: 'a', waitedMs: 10, reason: 'no berth' };
    await serving({
      ...answering,
      add: () => Promise.reject(berthError('BERTH_CNI_NOT_MAPPED', details)),
      del: () => Promise.reject(new Error('disk on fire')),
    });
    const text = `${JSON.stringify(ADD)}\n${JSON.stringify({ verb: 'del', uid: 'a' })}\n`;
    expect(await exchange(text)).toMatchObject([
      { ok: false, code: 'BERTH_CNI_NOT_MAPPED', message: expect.stringContaining('no berth') },
      { ok: false, code: 'BERTH_CNI_FAILED', message: expect.stringContaining('disk on fire') },
    ]);
  });

  it.each([
    ['what is no JSON', '{', 'not JSON'],
    ['an unknown verb', '{"verb":"dance"}', 'verb'],
    ['an empty uid', JSON.stringify({ ...ADD, uid: '' }), 'uid'],
    ['an address that is none', JSON.stringify({ ...ADD, ip: '10.1.0.256' }), 'ip'],
    [
      'an interface name that no kernel has',
      JSON.stringify({ ...ADD, hostInterface: 'x'.repeat(16) }),
      'hostInterface',
    ],
    [
      'an add without an interface',
      JSON.stringify({ ...ADD, hostInterface: undefined }),
      'hostInterface',
    ],
  ])('refuses %s, names the field, and goes on', async (_, line, named) => {
    await serving(answering);
    expect(await exchange(`${line}\n{"verb":"del","uid":"b"}\n`)).toMatchObject([
      { ok: false, code: 'BERTH_CNI_BAD_REQUEST', message: expect.stringContaining(named) },
      { ok: true },
    ]);
    expect(calls).toEqual([['b', {}]]);
  });

  it('hangs up on a line without an end', async () => {
    await serving(answering);
    expect(await exchange('x'.repeat(20_000))).toEqual([]);
    expect(calls).toEqual([]);
  });

  it('takes the place of a socket file that a crash left', async () => {
    await serving(answering);
    await socket?.close();
    await writeFile(path, '');
    await serving(answering);
    expect(await exchange('{"verb":"del","uid":"b"}\n')).toEqual([{ ok: true }]);
  });

  it('goes on when a caller hangs up before its answer', async () => {
    const asked = Promise.withResolvers<void>();
    const answered = Promise.withResolvers<null>();
    await serving({
      ...answering,
      add: () => {
        asked.resolve();
        return answered.promise;
      },
    });
    const impatient = connect(path, () => impatient.write(`${JSON.stringify(ADD)}\n`));
    await asked.promise;
    impatient.destroy();
    await once(impatient, 'close');
    // By then the server has read that nobody listens any more.
    await exchange('{"verb":"status"}\n');
    answered.resolve(null);
    expect(await exchange('{"verb":"del","uid":"b"}\n')).toEqual([{ ok: true }]);
  });

  it("is its owner's alone", async () => {
    await serving(answering);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('does not keep a waiting caller when it closes, and closes twice', async () => {
    const asked = Promise.withResolvers<void>();
    await serving({
      ...answering,
      add: () => {
        asked.resolve();
        return new Promise(() => undefined);
      },
    });
    const answer = exchange(`${JSON.stringify(ADD)}\n`);
    await asked.promise;
    await socket?.close();
    expect(await answer).toEqual([]);
    await socket?.close();
  });
});
