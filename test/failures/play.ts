/**
 * Plays a scenario: pods come and go and the witness appends while it is played; then all comes to
 * rest, the history is judged, and what was seen is written down for the table.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { noKafka } from '../../infra/kafka/java.ts';
import { noRedis } from '../../infra/redis/binary.ts';
import { judge, type Verdict } from './judge.ts';
import { SCENARIOS, type ScenarioId } from './scenarios.ts';
import type { Stand } from './stand.ts';
import { SEEN_FOLDER, type Seen } from './table.ts';

const TIMEOUT_MS = 240_000;
const REST_MS = 60_000;
/** Before and after what is done, so that there is something to lose. */
const PODS_BETWEEN = 6;

export const noServers: string | null = noKafka ?? noRedis;

export interface ScenarioOptions {
  /** All blocks that were let go of are free again soon. @default true */
  readonly rested?: boolean;
}

/** `play` answers what it alone has to say, for the table. */
export function scenario(
  id: ScenarioId,
  standing: () => Stand,
  play: (stand: Stand) => Promise<string>,
  { rested = true }: ScenarioOptions = {},
): void {
  test(`${SCENARIOS[id].name}: ${SCENARIOS[id].done}`, { timeout: TIMEOUT_MS }, async (ctx) => {
    ctx.skip(noServers !== null, noServers ?? '');
    const stand = standing();
    const { churn, witness } = stand;
    churn.start();
    witness.start();
    let told = '';
    try {
      await morePods(stand);
      told = await play(stand);
      await morePods(stand);
    } finally {
      await Promise.all([churn.stop(), witness.stop()]);
    }
    const verdict = await judgeAtRest(stand, rested);
    keep(id, [told, waited(churn), ...textOf(verdict)]);
  });
}

/** Some more are started, and have their network. */
export async function morePods({ churn, until }: Stand): Promise<void> {
  const from = churn.started;
  await until('pods start', () => churn.started >= from + PODS_BETWEEN);
}

/** What is still on its way (a push, a confirmation) may take its time; a fault stays. */
async function judgeAtRest(stand: Stand, rested: boolean): Promise<Verdict> {
  let verdict: Verdict | null = null;
  const judging = async (): Promise<void> => {
    verdict = await judge(stand, { rested });
  };
  await expect.poll(judging, { timeout: REST_MS, interval: 500 }).toBeUndefined();
  return verdict as unknown as Verdict;
}

export function waited({ longestWaitMs }: Stand['churn']): string {
  return `a pod waited ${(longestWaitMs / 1_000).toFixed(1)} s at most`;
}

function textOf({ records, checkpoints, berths, ignored, acknowledged }: Verdict): string[] {
  return [
    `${records} records fold to what ${checkpoints} checkpoints, the console and all nodes have`,
    `${berths} berths, none doubled`,
    `${ignored} decisions ignored`,
    `${acknowledged} of ${acknowledged} acknowledged appends kept`,
  ];
}

export function keep(id: ScenarioId, seen: readonly string[]): void {
  const text: Seen = seen.filter((part) => part !== '').join('; ');
  mkdirSync(SEEN_FOLDER, { recursive: true });
  writeFileSync(`${SEEN_FOLDER}/${id}.json`, `${JSON.stringify(text)}\n`);
}
