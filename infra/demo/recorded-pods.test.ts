/** The kubelets of a recording: sandboxes come and go with it, and nothing waits for ever. */
import { expect, test, vi } from 'vitest';
import { systemClock } from '../../services/runtime/clock.ts';
import type { RecordedPod } from './recorded-pod.ts';
import { createRecordedPods } from './recorded-pods.ts';
import type { Stage, StagePod } from './stage.ts';

function pod(uid: string, changes: Partial<RecordedPod> = {}): RecordedPod {
  const base = { namespace: 'shop', labels: {}, node: 'n1', hostNetwork: false };
  return { uid, ...base, is: 'present', ...changes };
}

/** A stage that notes what is asked of it; pods in `held` wait until they are deleted. */
function fakeStage(held: (uid: string) => boolean = () => false) {
  const asked: string[] = [];
  const waiting = new Map<string, (error: Error) => void>();
  const stage = {
    nodes: [
      { name: 'n1', gateway: false },
      { name: 'gw1', gateway: true },
    ],
    createPod: ({ uid, node }: StagePod) => {
      asked.push(`create ${uid} on ${node}`);
      return held(uid)
        ? new Promise<void>((_, reject) => waiting.set(uid, reject))
        : Promise.resolve();
    },
    stopPod: async (uid: string) => void asked.push(`stop ${uid}`),
    deletePod: async (uid: string) => {
      asked.push(`delete ${uid}`);
      waiting.get(uid)?.(new Error('given up'));
    },
  };
  return { asked, stage: stage as unknown as Stage };
}

function kubelets({ stage }: { readonly stage: Stage }) {
  const news: string[] = [];
  const init = { stage, talksTo: () => [], news: (line: string) => void news.push(line) };
  return { news, ...playing(createRecordedPods(init, systemClock())) };
}

function playing(pods: ReturnType<typeof createRecordedPods>) {
  return {
    pods,
    play: async (...said: readonly RecordedPod[]) => {
      await pods.before(said);
      pods.after(said);
    },
  };
}

test('only pods that are bound, run, and have a network of their own get a sandbox', async () => {
  const stage = fakeStage();
  const { pods, play } = kubelets(stage);
  await play(
    pod('unbound', { node: null }),
    pod('host', { hostNetwork: true }),
    pod('done', { is: 'finished' }),
    pod('at-gateway', { node: 'gw1' }),
    pod('a'),
  );
  await play(pod('a'), pod('unbound'));
  await pods.settled();
  expect(stage.asked).toEqual(['create a on n1', 'create unbound on n1']);
  expect(pods.counts).toEqual({ created: 5, deleted: 0, live: 5 });
});

test('a pod stops before the line that ends it is played, and goes after it', async () => {
  const stage = fakeStage();
  const { pods } = kubelets(stage);
  pods.after([pod('a')]);
  await pods.settled();
  await pods.before([pod('a', { is: 'deleted', node: null })]);
  expect(stage.asked).toEqual(['create a on n1', 'stop a']);
  pods.after([pod('a', { is: 'deleted', node: null })]);
  await pods.settled();
  expect(stage.asked).toEqual(['create a on n1', 'stop a', 'delete a']);
  expect(pods.counts).toEqual({ created: 1, deleted: 1, live: 0 });
});

test('one that comes and goes in the same breath is counted and never made', async () => {
  const stage = fakeStage();
  const { pods, play } = kubelets(stage);
  await play(pod('a'), pod('a', { is: 'deleted', node: null }));
  await pods.settled();
  expect(stage.asked).toEqual(['delete a']);
  expect(pods.counts).toEqual({ created: 1, deleted: 1, live: 0 });
});

test('more pods than start at once, all held and then deleted, keep nobody waiting', async () => {
  const stage = fakeStage((uid) => uid.startsWith('held'));
  const { pods, play } = kubelets(stage);
  const uids = Array.from({ length: 100 }, (_, at) => `held-${at}`);
  await play(...uids.map((uid) => pod(uid)));
  await play(...uids.map((uid) => pod(uid, { is: 'deleted', node: null })));
  await play(pod('last'));
  await pods.settled();
  expect(stage.asked.at(-1)).toBe('create last on n1');
});

test('a uid that comes again waits until its predecessor has gone', async () => {
  const stage = fakeStage((uid) => uid === 'a' && !stage.asked.includes('delete a'));
  const { pods, play } = kubelets(stage);
  await play(pod('a'));
  await vi.waitUntil(() => stage.asked.length > 0);
  await play(pod('a', { is: 'deleted', node: null }), pod('a'));
  await pods.settled();
  expect(stage.asked).toEqual(['create a on n1', 'stop a', 'delete a', 'create a on n1']);
});

test('one that is refused is told, and tried no more once the stream has ended', async () => {
  const { stage } = fakeStage();
  const refusing = { ...stage, createPod: () => Promise.reject(new Error('no berth')) };
  const { pods, play, news } = kubelets({ stage: refusing });
  await play(pod('a'));
  await pods.settled();
  expect(news).toEqual(['pod a of shop waits: no berth']);
});
