/** All of them, in the order in which `all` runs them and docs/benchmarks.md tells them. */
import type { Benchmark } from './benchmark.ts';
import { datapath } from './datapath/datapath.ts';
import { fold } from './fold/fold.ts';
import { versusMasquerade } from './masquerade/versus-masquerade.ts';

export const BENCHMARKS: readonly Benchmark[] = [fold, datapath, versusMasquerade];
