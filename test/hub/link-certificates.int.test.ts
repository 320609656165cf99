/**
 * Who may speak on the agent link, and what both ends are told when somebody may not: the hub's
 * real server and the agent's real link, on the loopback, with real certificates.
 */
import { status } from '@grpc/grpc-js';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { startFakeHub } from '../../services/agent/fake-hub-fixtures.ts';
import { createLink } from '../../services/agent/link.ts';
import { isBerthError } from '../../services/contract/errors.ts';
import { parseIp } from '../../services/contract/ip-address.ts';
import { nodeBearer } from '../../services/credentials/authority.ts';
import type { Hello } from '../../services/hub/link-messages.ts';
import { type LinkServer, startLinkServer } from '../../services/hub/link-server.ts';
import { systemClock } from '../../services/runtime/clock.ts';
import type { Log, LogFields } from '../../services/runtime/log.ts';
import { systemRandom } from '../../services/runtime/random.ts';
import type { TlsFiles } from '../../services/runtime/tls-files.ts';
import { type FakeAgent, fakeAgent } from './fake-agent.ts';
import { type TestAuthority, testAuthority } from './test-certificates.ts';

const DAY_MS = 24 * 60 * 60_000;
const clock = systemClock();
const random = systemRandom();

let ours: TestAuthority;
let theirs: TestAuthority;
let server: LinkServer;
let agents: FakeAgent[];
let stop: AbortController;
let running: Promise<void>[];
/** What the hub met since it serves: codes that it said, hellos that it took, links that ended. */
let hub: { readonly said: string[]; readonly hellos: Hello[]; closed: number };
/** Codes that agents said. */
let agentSaid: string[];

beforeAll(async () => {
  [ours, theirs] = await Promise.all([testAuthority(), testAuthority()]);
});

beforeEach(() => {
  [agents, running, agentSaid] = [[], [], []];
  stop = new AbortController();
});

afterEach(async () => {
  stop.abort();
  for (const agent of agents) agent.stop();
  await Promise.all(running);
  server.stop();
});

async function serve(files: TlsFiles, helloWithinMs = 10_000): Promise<void> {
  const met: typeof hub = { said: [], hellos: [], closed: 0 };
  hub = met;
  server = await startLinkServer(
    { listen: '127.0.0.1:0', files, helloWithinMs },
    { clock, random },
    {
      hello: (_, hello) => met.hellos.push(hello),
      ack: () => undefined,
      nack: () => undefined,
      mapped: () => undefined,
      awaitGateways: () => undefined,
      closed: () => {
        met.closed += 1;
      },
      refused: (error) => met.said.push(codeOf(error)),
    },
  );
}

function codeOf(error: unknown): string {
  if (!isBerthError(error) || /undefined/.test(error.message)) return String(error);
  return error.code;
}

function runLink(certificate: () => Promise<TlsFiles>, node = 'n1', port = server.port): void {
  const mac = Uint8Array.from([2, 0, 0, 0, 0, 1]);
  const self = { node, bootId: 'boot-1', underlayIp: parseIp('192.0.2.1'), mac };
  const every = { renewEveryMs: 20, backoffFirstMs: 5, backoffMaxMs: 20 };
  const link = createLink(
    { hubs: [`127.0.0.1:${port}`], certificate, self, ...every },
    {
      clock,
      random,
      log: collecting(agentSaid),
      node: {
        held: () => ({ version: {}, checksum: 0n }),
        push: async () => ({ kind: 'nack', code: 'none', message: '' }),
      },
    },
  );
  running.push(link.run(stop.signal));
}

function collecting(codes: string[]): Log {
  const keep = ({ code, error }: LogFields): void => {
    const said = code ?? (isBerthError(error) ? error.code : undefined);
    if (said !== undefined) codes.push(said);
  };
  return { debug: keep, info: keep, warn: keep, error: keep, child: () => collecting(codes) };
}

function fake(node: string, files: TlsFiles | null, challenge?: string | null): FakeAgent {
  const agent = fakeAgent({ node, files, ...(challenge === undefined ? {} : { challenge }) });
  agents.push(agent);
  return agent;
}

const since = (fromMs: number) => ({ fromMs: clock.nowMs() + fromMs, days: 1 });
const node = nodeBearer('n1');
const dns = (value: string) => ({ type: 'dns', value }) as const;

describe('an agent is let in', () => {
  it('by the name in its certificate', async () => {
    await serve(await ours.hub());
    const files = await ours.node('n1');
    runLink(async () => files);
    await vi.waitFor(() => expect(hub.hellos).toMatchObject([{ node: 'n1' }]));
    expect([hub.said, agentSaid]).toEqual([[], []]);
  });
});

describe('an agent is refused, and both ends say why, when its certificate', () => {
  it.each<[string, string, () => Promise<TlsFiles>]>([
    ['has expired', 'EXPIRED', () => ours.issue(node, since(-2 * DAY_MS))],
    ['is not valid yet', 'NOT_YET_VALID', () => ours.issue(node, since(DAY_MS / 2))],
    [
      'is from an unknown CA',
      'UNKNOWN_CA',
      async () => ({ ...(await theirs.node('n1')), ca: ours.certificate }),
    ],
    ['is a server’s', 'PURPOSE', () => ours.issue({ ...node, purpose: 'server' }, since(0))],
    ['names another node', 'NAME', () => ours.node('n2')],
    ['names no node', 'NAME', () => ours.issue({ ...node, alternativeName: dns('n1') }, since(0))],
  ])('%s', async (_, code, files) => {
    await serve(await ours.hub());
    const shown = await files();
    runLink(async () => shown);
    await vi.waitFor(() => expect(agentSaid).toContain(`BERTH_LINK_CERTIFICATE_${code}`));
    expect(new Set(hub.said)).toEqual(new Set([`BERTH_LINK_CERTIFICATE_${code}`]));
    expect(hub.hellos).toEqual([]);
  });

  it('expires while the link is up', async () => {
    await serve(await ours.hub());
    const shown = await ours.issue(node, since(1500 - DAY_MS));
    runLink(async () => shown);
    await vi.waitFor(() => expect(hub.hellos).toHaveLength(1));
    await vi.waitFor(() => expect(hub.closed).toBe(1), 5000);
    await vi.waitFor(() => expect(agentSaid).toContain('BERTH_LINK_CERTIFICATE_EXPIRED'), 5000);
    expect(hub.said).toContain('BERTH_LINK_CERTIFICATE_EXPIRED');
  });

  it('is not there', async () => {
    await serve(await ours.hub());
    const nobody = fake('n1', { ca: ours.certificate, certificate: '', key: '' });
    nobody.connect(server.port);
    expect(await nobody.ended).toMatchObject({
      code: status.UNAUTHENTICATED,
      details: expect.stringContaining('BERTH_LINK_NO_CERTIFICATE'),
    });
    expect(hub.said).toEqual(['BERTH_LINK_NO_CERTIFICATE']);
  });
});

describe('a hub is refused, and both ends say so, when its certificate', () => {
  const bearer = {
    commonName: 'berth-hub',
    alternativeName: dns('berth-hub'),
    purpose: 'server',
  } as const;
  it.each<[string, string, () => Promise<TlsFiles>]>([
    ['has expired', 'EXPIRED', () => ours.issue(bearer, since(-2 * DAY_MS))],
    ['is not valid yet', 'NOT_YET_VALID', () => ours.issue(bearer, since(DAY_MS / 2))],
    ['is from an unknown CA', 'UNKNOWN_CA', () => theirs.hub()],
    ['is a client’s', 'PURPOSE', () => ours.issue({ ...bearer, purpose: 'client' }, since(0))],
    ['is a node’s', 'PURPOSE', () => ours.node('berth-hub')],
    [
      'has another name',
      'NAME',
      () => ours.issue({ ...bearer, alternativeName: dns('other') }, since(0)),
    ],
  ])('%s', async (_, code, files) => {
    await serve(await files());
    const shown = await ours.node('n1');
    runLink(async () => shown);
    await vi.waitFor(() => expect(agentSaid).toContain(`BERTH_LINK_CERTIFICATE_${code}`));
    await vi.waitFor(() => expect(hub.said).toContain('BERTH_LINK_LEFT'));
    expect(hub.hellos).toEqual([]);
  });
});

describe('a stream is refused', () => {
  it('when its hello was recorded on another one', async () => {
    await serve(await ours.hub());
    const replaying = fake('n1', await ours.node('n1'), 'of another stream');
    replaying.connect(server.port);
    expect(await replaying.ended).toMatchObject({
      code: status.UNAUTHENTICATED,
      details: expect.stringContaining('BERTH_LINK_HELLO_REPLAYED'),
    });
    expect(hub.said).toEqual(['BERTH_LINK_HELLO_REPLAYED']);
    expect(hub.hellos).toEqual([]);
  });

  it('when it says no hello', async () => {
    await serve(await ours.hub(), 20);
    const silent = fake('n1', await ours.node('n1'), null);
    silent.connect(server.port);
    expect(await silent.ended).toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringContaining('says no hello'),
    });
    expect(hub.said).toEqual(['BERTH_LINK_BAD_MESSAGE']);
  });

  it('by the hub from who speaks no TLS', async () => {
    await serve(await ours.hub());
    const plain = fake('n1', null);
    plain.connect(server.port);
    await plain.ended;
    await vi.waitFor(() => expect(hub.said).toContain('BERTH_LINK_PLAINTEXT'));
    expect(hub.hellos).toEqual([]);
  });

  it('by the agent from a hub that speaks no TLS', async () => {
    await serve(await ours.hub());
    const plain = await startFakeHub(null);
    const files = await ours.node('n1');
    runLink(async () => files, 'n1', Number(plain.address.split(':')[1]));
    await vi.waitFor(() => expect(agentSaid).toContain('BERTH_LINK_PLAINTEXT'));
    await plain.stop();
  });
});

describe('a certificate is renewed', () => {
  it('of the hub: open links stay, new ones see the new one', async () => {
    await serve(await ours.hub());
    const [first, second] = [await ours.node('n1'), await theirs.node('n2')];
    runLink(async () => first);
    await vi.waitFor(() => expect(hub.hellos).toHaveLength(1));
    server.renew(await theirs.hub());
    runLink(async () => second, 'n2');
    await vi.waitFor(() => expect(hub.hellos.map((hello) => hello.node)).toEqual(['n1', 'n2']));
    expect([hub.closed, hub.said, agentSaid]).toEqual([0, [], []]);
  });

  it('of a node: its link is made anew, and the hub takes the second for the first', async () => {
    await serve(await ours.hub());
    let files = await ours.node('n1');
    runLink(async () => files);
    await vi.waitFor(() => expect(hub.hellos).toHaveLength(1));
    files = await ours.node('n1');
    await vi.waitFor(() => expect(hub.hellos).toHaveLength(2));
    await vi.waitFor(() => expect(hub.closed).toBe(1));
    expect(hub.said).toEqual([]);
  });

  it('by halves: the agent keeps what it has until it is whole', async () => {
    await serve(await ours.hub());
    const files = await ours.node('n1');
    let reads = 0;
    runLink(async () => {
      reads += 1;
      if (reads > 1) throw new Error('half written');
      return files;
    });
    await vi.waitFor(() => expect(reads).toBeGreaterThan(3));
    expect([hub.hellos.length, hub.closed]).toEqual([1, 0]);
  });
});
