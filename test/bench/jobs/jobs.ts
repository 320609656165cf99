/** `bench jobs`: what a queue costs, and how many pushes to ACL servers come of it. */
import { noRedis } from '../../../infra/redis/binary.ts';
import { startRedis } from '../../../infra/redis/redis.ts';
import { bullmqJobs } from '../../../services/ports/jobs/bullmq.ts';
import { localJobs } from '../../../services/ports/jobs/local.ts';
import type { Jobs } from '../../../services/ports/jobs/port.ts';
import { systemClock } from '../../../services/runtime/clock.ts';
import { jsonLog } from '../../../services/runtime/log.ts';
import { systemRandom } from '../../../services/runtime/random.ts';
import { temporaryFolder } from '../../temporary-folder.ts';
import type { Benchmark, BenchmarkRun, Findings, Size } from '../benchmark.ts';
import { grouped } from '../numbers.ts';
import { inTurn, ratios } from '../rounds.ts';
import { type Pushed, pushedTargets } from './pushed-targets.ts';

interface JobsSize {
  readonly jobs: number;
  readonly targets: number;
  readonly pushesPerTarget: number;
}

const SIZES: Readonly<Record<Size, JobsSize>> = {
  tiny: { jobs: 200, targets: 4, pushesPerTarget: 3 },
  quick: { jobs: 5_000, targets: 32, pushesPerTarget: 15 },
  full: { jobs: 20_000, targets: 64, pushesPerTarget: 30 },
};
/** As the courier works its queues, but for the rate, which is to spare targets. */
const CONCURRENCY = 256;
const JOBS_PER_ADD = 500;

export const jobs: Benchmark = {
  name: 'jobs',
  about: `Jobs are added, 500 a call, and worked, 256 at once, by one process: embedded, where
an LMDB folder keeps them, and on BullMQ, where a Redis does that writes each to its append-only
file (synced every second). First jobs that do nothing, so that only the queue is seen; then the
courier's pushes, as far as its driver has a part in them: each job writes a set to an ACL
server and reads back what is in force (three signed requests over HTTP on the loopback the
first time, two later), then asks for the target's next revision, which waits until this one is
done. The servers are in the same process, and Redis on the same machine. The limit of 200
pushes a second that the courier has is taken away.`,
  needs: { root: false, missing: noRedis },
  run: measureJobs,
};

async function measureJobs({ size, rounds, say }: BenchmarkRun): Promise<Findings> {
  const its = SIZES[size];
  const redis = await startRedis();
  const folder = await temporaryFolder();
  const [clock, random, log] = [systemClock(), systemRandom(), jsonLog({ level: 'error' })];
  const embedded = () =>
    localJobs({ dir: `${folder.path}/${random.id()}` }, { clock, random, log });
  const onRedis = () => bullmqJobs({ url: redis.url, prefix: random.id() }, { clock, random, log });
  let allRan = true;
  const idle = async (opened: Promise<Jobs>): Promise<number> => {
    const { perSecond, ran } = await workNothing(await opened, its.jobs);
    allRan &&= ran;
    return perSecond;
  };
  const empty = await inTurn(rounds, {
    embedded: () => idle(embedded()),
    onRedis: () => idle(onRedis()),
  });
  say('jobs that do nothing: done');
  let allPushed = true;
  const push = async (opened: Promise<Jobs>): Promise<number> => {
    const { perSecond, inForce } = await pushAll(await opened, its);
    allPushed &&= inForce;
    return perSecond;
  };
  const pushes = await inTurn(rounds, {
    embedded: () => push(embedded()),
    onRedis: () => push(onRedis()),
  });
  await redis.stop();
  await folder.remove();
  return {
    setting: [
      `${grouped(its.jobs)} jobs that do nothing`,
      `${its.targets} targets, ${its.pushesPerTarget} pushes each`,
    ].join('; '),
    measures: [
      { what: 'jobs that do nothing, embedded', unit: 'jobs/s', values: empty.embedded },
      { what: 'jobs that do nothing, on BullMQ', unit: 'jobs/s', values: empty.onRedis },
      {
        what: 'BullMQ as a multiple of embedded',
        unit: 'x',
        values: ratios(empty.onRedis, empty.embedded),
      },
      { what: 'pushes to ACL servers, embedded', unit: 'pushes/s', values: pushes.embedded },
      { what: 'pushes to ACL servers, on BullMQ', unit: 'pushes/s', values: pushes.onRedis },
      {
        what: 'BullMQ as a multiple of embedded',
        unit: 'x',
        values: ratios(pushes.onRedis, pushes.embedded),
      },
    ],
    proofs: [
      { what: 'each job ran, once', holds: allRan },
      { what: 'each target has its last set in force at the end', holds: allPushed },
    ],
  };
}

async function workNothing(opened: Jobs, count: number) {
  const ran = new Set<string>();
  let runs = 0;
  const { promise: done, resolve: end } = Promise.withResolvers<void>();
  const started = performance.now();
  opened.work(
    'nothing',
    async ({ id }) => {
      ran.add(id);
      runs += 1;
      if (ran.size === count) end();
    },
    { concurrency: CONCURRENCY },
  );
  for (let at = 0; at < count; at += JOBS_PER_ADD) {
    const some = Math.min(JOBS_PER_ADD, count - at);
    await opened.add(
      'nothing',
      Array.from({ length: some }, (_, index) => ({ id: `job-${at + index}`, data: index })),
    );
  }
  await done;
  const seconds = (performance.now() - started) / 1000;
  await opened.close();
  return { perSecond: count / seconds, ran: runs === count };
}

async function pushAll(opened: Jobs, { targets, pushesPerTarget }: JobsSize) {
  const pushed: Pushed = await pushedTargets(targets);
  let left = targets;
  const { promise: done, resolve: end } = Promise.withResolvers<void>();
  const started = performance.now();
  opened.work(
    'acl-push',
    async ({ id, data }, signal) => {
      const revision = Number(data);
      await pushed.push(id, revision, signal);
      if (revision < pushesPerTarget) await opened.add('acl-push', [{ id, data: revision + 1 }]);
      else if (--left === 0) end();
    },
    { concurrency: CONCURRENCY },
  );
  await opened.add(
    'acl-push',
    pushed.names.map((id) => ({ id, data: 1 })),
  );
  await done;
  const seconds = (performance.now() - started) / 1000;
  await opened.close();
  const inForce = pushed.names.every((id) => pushed.revisionOf(id) === pushesPerTarget);
  await pushed.close();
  return { perSecond: (targets * pushesPerTarget) / seconds, inForce };
}
