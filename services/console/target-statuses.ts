/** What the log says of each protected system and its ACL, for people. */
import { entryRefusal } from '../aggregates/target/decide.ts';
import type { TargetState } from '../aggregates/target/state.ts';
import { lostAddresses } from '../aggregates/target/wanted-set.ts';
import { aggregateName } from '../contract/identity.ts';
import type { TargetStatus } from './status.ts';

/** Null: nothing is left of a target that is gone. */
export function targetStatus(state: TargetState): TargetStatus | null {
  const entries = [...state.entries.values()];
  if (state.spec === null && entries.length === 0) return null;
  return {
    name: aggregateName(state.key),
    driver: state.spec?.driver.type ?? null,
    wanted: {
      revision: state.revision,
      addresses: entries.filter(({ inSet }) => inSet).map(({ address }) => address),
    },
    reported: state.reported,
    lost: lostAddresses(state),
    needsEntry: entries.flatMap((entry) => {
      if (entry.state !== 'wanted') return [];
      const because = entryRefusal(state, entry);
      const { address, namespace } = entry;
      return because === null ? [] : [{ address, namespace, because }];
    }),
  };
}
