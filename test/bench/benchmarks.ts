/** All of them, in the order in which `all` runs them and docs/benchmarks.md tells them. */

import { agentMemory } from './agent-memory/agent-memory.ts';
import type { Benchmark } from './benchmark.ts';
import { checkpoints } from './checkpoints/checkpoints.ts';
import { datapath } from './datapath/datapath.ts';
import { fold } from './fold/fold.ts';
import { hub } from './hub/hub.ts';
import { jobs } from './jobs/jobs.ts';
import { kafka } from './kafka/kafka.ts';
import { versusMasquerade } from './masquerade/versus-masquerade.ts';
import { propagation } from './propagation/propagation.ts';

export const BENCHMARKS: readonly Benchmark[] = [
  fold,
  propagation,
  kafka,
  jobs,
  datapath,
  versusMasquerade,
  hub,
  checkpoints,
  agentMemory,
];
