/** `bench agent-memory`: what an agent's process takes on a full node. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { NODE_FLAGS } from '../../../infra/demo/agents.ts';
import { COMPILE_CACHE } from '../../../infra/demo/compile-cache.ts';
import { type Answer, ask } from '../../../services/agent/ask-agent-fixtures.ts';
import { cidrs, createStory, type Story } from '../../fold/story.ts';
import { testAuthority, writeTlsFiles } from '../../hub/test-certificates.ts';
import { temporaryFolder } from '../../temporary-folder.ts';
import type { Benchmark, BenchmarkRun, Findings, Size } from '../benchmark.ts';
import { startControl } from '../control/control.ts';
import { podComes, podIpOf } from '../fold/history.ts';

interface AgentSize {
  readonly pods: number;
  readonly cidrs: number;
}

const SIZES: Readonly<Record<Size, AgentSize>> = {
  tiny: { pods: 5, cidrs: 20 },
  quick: { pods: 250, cidrs: 1_000 },
  full: { pods: 250, cidrs: 1_000 },
};
const GOAL_MIB = 96;
const TARGETS = 10;
const ATTEMPTS_MAX = 20;
const NODE = 'node-0';
const KIB_PER_MIB = 1_024;
const MAIN = resolve(import.meta.dirname, '../../../services/agent/main.ts');

export const agentMemory: Benchmark = {
  name: 'agent-memory',
  about: `A real agent process, linked to a hub with mTLS, is given a node's pods and policies,
and all its pods are announced on its CNI socket; then every pod is replaced by another. It is
started as operating.md says, with flags for its memory and a filled compile cache. Its tables are
those in memory, so that no interface is needed for a pod: they are counted too, while in the
kernel they would not be. Nine tenths of the goal are Node, its libraries
and the code (decision 48).`,
  needs: { root: false },
  run: measureAgentMemory,
};

async function measureAgentMemory({ size }: BenchmarkRun): Promise<Findings> {
  const sizes = SIZES[size];
  const folder = await temporaryFolder();
  const authority = await testAuthority();
  const certificate = await authority.hub();
  const control = await startControl({ dir: folder.path, mapper: true, certificate });
  const socket = join(folder.path, 'cni.sock');
  const certificates = await writeTlsFiles(join(folder.path, 'tls'), await authority.node(NODE));
  const start = () => startAgent(folder.path, { certificates, socket, port: control.port });
  // The first start of a version fills the compile cache.
  const first = start();
  await ask(socket, { verb: 'status' });
  first.kill('SIGTERM');
  await once(first, 'exit');
  const agent = start();
  await ask(socket, { verb: 'status' });
  const empty = rssMib(agent.pid);

  const { story, unread } = cluster(sizes);
  const answers: Answer[] = [];
  async function fill(first: number): Promise<number> {
    const numbers = Array.from({ length: sizes.pods }, (_, number) => first + number);
    const uids = numbers.map((number) =>
      podComes(story, { namespace: 'shop', node: NODE, number }),
    );
    if (first > 0) {
      for (const number of numbers) story.podGone('shop', uidOf.get(number - sizes.pods) ?? '');
    }
    for (const [at, number] of numbers.entries()) uidOf.set(number, uids[at] ?? '');
    await control.append(unread());
    const call = (verb: 'add' | 'del', number: number) =>
      ask(socket, {
        verb,
        uid: uidOf.get(number),
        ip: podIpOf(number),
        netns: null,
        hostInterface: `p${number}`,
      });
    if (first > 0) await Promise.all(numbers.map((number) => call('del', number - sizes.pods)));
    answers.push(
      ...(await Promise.all(numbers.map((number) => untilOk(() => call('add', number))))),
    );
    await control.until(({ inSync }) => inSync === 1);
    return rssMib(agent.pid);
  }
  const uidOf = new Map<number, string>();
  const full = await fill(0);
  const replaced = await fill(sizes.pods);
  const { entries } = await ask(socket, { verb: 'status' });
  agent.kill('SIGKILL');
  control.stop();
  await folder.remove();
  const known = (entries as Readonly<Record<string, number>>)['pods'];
  const goal = { atMost: GOAL_MIB };
  return {
    setting: `${sizes.pods} pods, ${sizes.cidrs} CIDRs of ${TARGETS} targets`,
    measures: [
      { what: 'RSS of the agent without pods', unit: 'MiB', values: [empty] },
      { what: 'RSS with all pods', unit: 'MiB', values: [full], goal },
      { what: 'RSS after every pod was replaced', unit: 'MiB', values: [replaced], goal },
    ],
    proofs: [
      {
        what: 'every pod was told that it may start, with its port range',
        holds:
          answers.length === 2 * sizes.pods &&
          answers.every(({ ok, portRange }) => ok === true && portRange !== null),
      },
      { what: 'in the end the agent knows these pods alone', holds: known === sizes.pods },
    ],
  };
}

/** As a runtime does it: on a busy machine an add may take longer than the agent waits. */
async function untilOk(call: () => Promise<Answer>): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    const answer = await call();
    if (answer['ok'] === true || attempt === ATTEMPTS_MAX) return answer;
  }
}

function startAgent(
  dir: string,
  given: { readonly certificates: string; readonly socket: string; readonly port: number },
) {
  const flags = {
    node: NODE,
    'boot-id': 'boot-1',
    hub: `127.0.0.1:${given.port}`,
    certificates: given.certificates,
    datapath: 'memory',
    uplink: 'uplink',
    'pod-cidr': '10.0.0.0/8',
    'pin-dir': join(dir, 'pins'),
    'state-dir': join(dir, 'state'),
    'cni-socket': given.socket,
    'underlay-ip': '192.0.2.1',
    mac: '02:00:00:00:00:01',
  };
  const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]);
  return spawn(process.execPath, [...NODE_FLAGS, MAIN, ...args], {
    stdio: ['ignore', 'ignore', 'ignore'],
    env: { ...process.env, ...COMPILE_CACHE },
  });
}

/** One namespace, whose EgressNat goes to all targets. */
function cluster({ cidrs: count }: AgentSize) {
  const story: Story = { ...createStory(), settle: () => undefined };
  const ports = { from: 1024, to: 65535, perPod: 256 };
  story.pool('blue', { addresses: cidrs('203.0.113.0/28'), ports });
  const names = Array.from({ length: TARGETS }, (_, number) => `target-${number}`);
  for (const [target, name] of names.entries()) {
    const own = Array.from(
      { length: count / TARGETS },
      (_, number) => `198.${18 + target}.${number}.0/24`,
    );
    story.target(name, { destinations: { cidrs: cidrs(...own), except: [], ports: [] } });
  }
  story.egressNat('shop', 'checkout', { targets: names, addresses: { min: 1, max: 8 } });
  let read = 0;
  const unread = () => {
    const records = story.log.events.slice(read).map(({ record }) => record);
    read = story.log.events.length;
    return records;
  };
  return { story, unread };
}

function rssMib(pid: number | undefined): number {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(text)?.[1]) / KIB_PER_MIB;
}
