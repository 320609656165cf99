/**
 * One node's container runtime: a sandbox with an address for each pod that is bound to the node,
 * announced to the agent until it answers, taken away when the pod is gone. Addresses come again
 * as soon as they are free. Some sandboxes go without a word to the agent, as they do when the
 * runtime itself is killed.
 */
import type { PodAttachment } from '../../../services/agent/pod-attachment.ts';
import type { PodUid } from '../../../services/contract/identity.ts';
import { type IpAddress, parseIp } from '../../../services/contract/ip-address.ts';
import { type Life, newLife } from '../scheduler.ts';
import type { Surroundings } from '../surroundings.ts';
import { type Cluster, isOn } from '../world/cluster.ts';
import type { Agent } from './agent.ts';

export interface Kubelet {
  readonly agent: Agent;
  /** Address -> the pod that runs behind it: only then packets come from it. */
  readonly running: ReadonlyMap<IpAddress, PodUid>;
  /** The node started anew: no sandbox is left. */
  reboot(): void;
  /** The machine is off: no sandbox is left, and none comes. */
  powerOff(): void;
}

export interface KubeletInit {
  /** Called when an address begins or ends to be a running pod's. */
  readonly onRunning: (kubelet: Kubelet) => void;
}

interface Sandbox {
  readonly attachment: PodAttachment;
  state: 'starting' | 'running' | 'ending';
}

type CniAnswer = 'ok' | 'refused' | 'no answer';

const LOOK_EVERY_MS = 1500;
const RETRY_MS = 2000;
const CALL_TIMEOUT_MS = 14_000;
const LATE_DEL_MS = 10_000;
/** As many as there can be pods on a node; the lowest come again first. */
const IPS = 12;
const CHOICE = 2;
const INTERFACES = 4;

export function createKubelet(
  init: KubeletInit,
  agent: Agent,
  cluster: Cluster,
  surroundings: Surroundings,
): Kubelet {
  const { scheduler, dice, history } = surroundings;
  const { node, number } = agent.machine;
  const name = `kubelet ${node}`;
  const running = new Map<IpAddress, PodUid>();
  const sandboxes = new Map<IpAddress, Sandbox>();
  let interfaces = 0;
  let life = newLife(name);

  const isWanted = (uid: PodUid): boolean => {
    const found = cluster.pod(uid);
    return found !== undefined && isOn(found.pod, node);
  };

  function look(): void {
    scheduler.later(life, LOOK_EVERY_MS * (0.5 + dice.next()), look);
    for (const sandbox of sandboxes.values()) {
      if (sandbox.state === 'running' && !isWanted(sandbox.attachment.uid)) end(sandbox);
    }
    for (const { pod } of cluster.pods()) {
      if (isOn(pod, node) && !hasSandbox(pod.uid)) begin(pod.uid);
    }
  }

  function hasSandbox(uid: PodUid): boolean {
    return [...sandboxes.values()].some(({ attachment }) => attachment.uid === uid);
  }

  function begin(uid: PodUid): void {
    const free = Array.from({ length: IPS }, (_, i) => parseIp(`10.1.${number}.${i + 1}`)).filter(
      (ip) => !sandboxes.has(ip),
    );
    if (free.length === 0) return;
    // Interface names come again too.
    const hostInterface = dice.chance(0.5)
      ? `veth-${dice.below(INTERFACES)}`
      : `veth-n${++interfaces}`;
    if ([...sandboxes.values()].some((one) => one.attachment.hostInterface === hostInterface)) {
      return;
    }
    const ip = dice.pick(free.slice(0, CHOICE));
    const attachment = { uid, ip, netns: `/run/netns/${dice.id()}`, hostInterface };
    const sandbox: Sandbox = { attachment, state: 'starting' };
    sandboxes.set(attachment.ip, sandbox);
    announce(sandbox);
  }

  function announce(sandbox: Sandbox): void {
    const { attachment } = sandbox;
    call((cni) => cni.add(attachment)).then((answer) => {
      history.tell(name, `add ${attachment.uid} ${attachment.ip}: ${answer}`);
      if (!isWanted(attachment.uid)) end(sandbox);
      else if (answer === 'ok') {
        sandbox.state = 'running';
        running.set(attachment.ip, attachment.uid);
        init.onRunning(kubelet);
      } else if (dice.chance(0.3)) end(sandbox);
      else scheduler.later(life, dice.next() * RETRY_MS, () => announce(sandbox));
    });
  }

  function end(sandbox: Sandbox): void {
    const { ip, uid } = sandbox.attachment;
    sandbox.state = 'ending';
    if (running.delete(ip)) init.onRunning(kubelet);
    if (dice.chance(surroundings.faults.cniDelLost)) {
      history.tell(name, `del ${uid} ${ip}: lost`);
      sandboxes.delete(ip);
      return;
    }
    const { netns } = sandbox.attachment;
    const del = (): Promise<CniAnswer> => call((cni) => cni.del(uid, { netns }));
    del().then((answer) => {
      history.tell(name, `del ${uid} ${ip}: ${answer}`);
      // Dead sandboxes are collected later, once more; the pod may have its next one by then.
      const again = dice.chance(surroundings.faults.cniDelTwice);
      if (again) scheduler.later(life, dice.next() * LATE_DEL_MS, () => void del());
      if (answer === 'ok') sandboxes.delete(ip);
      else scheduler.later(life, dice.next() * RETRY_MS, () => end(sandbox));
    });
  }

  type Cni = NonNullable<ReturnType<Agent['running']>>['cni'];

  function call(work: (cni: Cni) => Promise<unknown>): Promise<CniAnswer> {
    const caller: Life = life;
    return new Promise((resolve) => {
      const answer = (said: CniAnswer): void => {
        scheduler.later(caller, dice.delayMs(), () => resolve(said));
      };
      const served = agent.running();
      if (served === null) {
        answer('no answer');
        return;
      }
      const timeout = scheduler.later(caller, CALL_TIMEOUT_MS, () => answer('no answer'));
      const settle = (said: CniAnswer): void => {
        timeout();
        if (served.life.alive) answer(said);
        else scheduler.later(caller, RETRY_MS, () => answer('no answer'));
      };
      scheduler.later(served.life, dice.delayMs(), () => {
        work(served.cni).then(
          () => settle('ok'),
          (error: unknown) => {
            history.tell(node, String(error));
            settle('refused');
          },
        );
      });
    });
  }

  const kubelet: Kubelet = {
    agent,
    running,
    reboot() {
      kubelet.powerOff();
      life = newLife(name);
      scheduler.later(life, LOOK_EVERY_MS, look);
    },
    powerOff() {
      life.alive = false;
      sandboxes.clear();
      running.clear();
      init.onRunning(kubelet);
    },
  };
  scheduler.later(life, 0, look);
  return kubelet;
}
