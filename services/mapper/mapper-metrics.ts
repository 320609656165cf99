/** What a mapper says of its work to whoever scrapes it. */
import type { CONTROL_METRICS } from '../contract/metrics.ts';
import { hear } from '../runtime/channels.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Metrics } from '../runtime/metrics/metrics.ts';

const MS_PER_SECOND = 1000;

export function exposeMapper(
  metrics: Metrics<typeof CONTROL_METRICS>,
  { clock }: { readonly clock: Clock },
): void {
  const events = metrics.counter('berth_mapper_events_total');
  const decisions = metrics.counter('berth_mapper_decisions_total');
  decisions.add({ outcome: 'accepted' }, 0);
  hear('berth:mapper:record-folded', ({ type, ignored }) => {
    events.add({ type });
    if (type === 'Decision') decisions.add({ outcome: ignored ?? 'accepted' });
  });
  const letters = metrics.counter('berth_dead_letters_total');
  letters.add({ because: 'bytes' }, 0);
  hear('berth:mapper:record-refused', ({ because }) => letters.add({ because }));
  const made = metrics.counter('berth_mapper_decisions_made_total');
  hear('berth:mapper:records-made', ({ records }) => {
    made.add({}, records.filter(({ body }) => body.type === 'Decision').length);
  });
  const repeats = metrics.counter('berth_mapper_append_repeats_total');
  hear('berth:mapper:append-repeated', () => repeats.add({}));
  let partitions = 0;
  hear('berth:mapper:partitions-assigned', (assigned) => {
    partitions = assigned.partitions.length;
  });
  metrics.reads('berth_mapper_partitions', () => partitions);
  let savedAtMs = clock.nowMs();
  hear('berth:mapper:checkpoints-saved', ({ allUpToMs }) => {
    savedAtMs = allUpToMs;
  });
  metrics.reads(
    'berth_mapper_checkpoint_age_seconds',
    () => (clock.nowMs() - savedAtMs) / MS_PER_SECOND,
  );
}
