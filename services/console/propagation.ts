/**
 * How long a pod's mapping takes: from the append of the observation that the pod was bound to a
 * node, to the read-back of its mapping in that node's kernel. Both from the log, so the numbers
 * outlive every process. One sample a pod: the first time it was mapped.
 */
import type { PodUid } from '../contract/identity.ts';

export interface Quantiles {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly samples: number;
}

export interface Propagation {
  /** Answers the sample that this completes, in milliseconds; null: none. */
  bound(pod: PodUid, atMs: number): number | null;
  mapped(pod: PodUid, atMs: number): number | null;
  /** Milliseconds, of pods bound at `sinceMs` or later; null before the first sample. */
  quantiles(sinceMs: number): Quantiles | null;
}

/** So many samples say all there is to say; older ones make room. */
const SAMPLES_MAX = 100_000;

interface Sample {
  boundAtMs: number | null;
  mappedAtMs: number | null;
}

/** The two come from different topics, so either may be read first. */
export function createPropagation(): Propagation {
  const samples = new Map<PodUid, Sample>();

  function sampleOf(pod: PodUid): Sample {
    const sample = samples.get(pod) ?? { boundAtMs: null, mappedAtMs: null };
    samples.set(pod, sample);
    if (samples.size > SAMPLES_MAX) {
      const [oldest] = samples.keys();
      if (oldest !== undefined) samples.delete(oldest);
    }
    return sample;
  }

  function complete(pod: PodUid, half: keyof Sample, atMs: number): number | null {
    const sample = sampleOf(pod);
    if (sample[half] !== null) return null;
    sample[half] = atMs;
    return durationOf(sample);
  }

  return {
    bound: (pod, atMs) => complete(pod, 'boundAtMs', atMs),
    mapped: (pod, atMs) => complete(pod, 'mappedAtMs', atMs),
    quantiles: (sinceMs) =>
      quantilesOf(
        [...samples.values()].flatMap((sample) => {
          const durationMs = (sample.boundAtMs ?? 0) < sinceMs ? null : durationOf(sample);
          return durationMs === null ? [] : [durationMs];
        }),
      ),
  };
}

function durationOf({ boundAtMs, mappedAtMs }: Sample): number | null {
  if (boundAtMs === null || mappedAtMs === null) return null;
  return Math.max(0, mappedAtMs - boundAtMs);
}

export function quantilesOf(samples: readonly number[]): Quantiles | null {
  const sorted = samples.toSorted((a, b) => a - b);
  const max = sorted.at(-1);
  if (max === undefined) return null;
  const rank = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? max;
  return { p50: rank(0.5), p99: rank(0.99), max, samples: sorted.length };
}
