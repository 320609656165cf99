/**
 * When a recorded line was written. kubectl prints no time of its events, so it is told from the
 * newest time that the object holds: a line cannot be older than that. Pure.
 */
import { z } from 'zod';

const MS_PER_SECOND = 1000;

const time = z
  .string()
  .transform((text) => Date.parse(text))
  .catch(Number.NaN);
const list = <T>(entry: z.ZodType<T>) => z.array(entry).catch([]);

const containerState = z
  .object({ startedAt: time.optional(), finishedAt: time.optional() })
  .optional()
  .catch(undefined);
const containers = list(
  z.object({
    state: z
      .object({ running: containerState, terminated: containerState })
      .optional()
      .catch(undefined),
  }),
);

const shape = z.object({
  type: z.string().catch(''),
  object: z.object({
    metadata: z
      .object({
        creationTimestamp: time.optional(),
        deletionTimestamp: time.optional(),
        deletionGracePeriodSeconds: z.number().catch(0),
        managedFields: list(z.object({ time: time.optional() })),
      })
      .optional()
      .catch(undefined),
    status: z
      .object({
        startTime: time.optional(),
        conditions: list(
          z.object({
            lastTransitionTime: time.optional(),
            lastHeartbeatTime: time.optional(),
            lastProbeTime: time.optional(),
          }),
        ),
        containerStatuses: containers,
        initContainerStatuses: containers,
        ephemeralContainerStatuses: containers,
      })
      .optional()
      .catch(undefined),
  }),
});

type Event = z.output<typeof shape>;

export interface LineTime {
  /** Whether the line could belong to the list that a watch begins with. */
  readonly added: boolean;
  /** Milliseconds since the epoch; null where the line holds no time. */
  readonly timeMs: number | null;
}

/** Total: a line that cannot be understood holds no time. */
export function lineTime(text: string): LineTime {
  let event: unknown;
  try {
    event = JSON.parse(text);
  } catch {
    return { added: false, timeMs: null };
  }
  const parsed = shape.safeParse(event);
  if (!parsed.success) return { added: false, timeMs: null };
  const times = [...timesIn(parsed.data)].filter((one) => Number.isFinite(one));
  const timeMs = times.length === 0 ? null : Math.max(...times);
  return { added: parsed.data.type === 'ADDED', timeMs };
}

function* timesIn({ object: { metadata, status } }: Event): Generator<number> {
  yield metadata?.creationTimestamp ?? Number.NaN;
  for (const field of metadata?.managedFields ?? []) yield field.time ?? Number.NaN;
  if (metadata?.deletionTimestamp !== undefined) {
    // It says when the pod's grace will be over; it was written as much earlier.
    yield metadata.deletionTimestamp - metadata.deletionGracePeriodSeconds * MS_PER_SECOND;
  }
  yield status?.startTime ?? Number.NaN;
  for (const condition of status?.conditions ?? []) yield* valuesOf(condition);
  const all = [
    ...(status?.containerStatuses ?? []),
    ...(status?.initContainerStatuses ?? []),
    ...(status?.ephemeralContainerStatuses ?? []),
  ];
  for (const { state } of all) {
    yield* valuesOf(state?.running);
    yield* valuesOf(state?.terminated);
  }
}

function* valuesOf(times: Readonly<Record<string, number | undefined>> | undefined) {
  for (const value of Object.values(times ?? {})) yield value ?? Number.NaN;
}
