/**
 * Brings one target's ACL in line with what the log wants, and tells the log what the target then
 * says is in force. Idempotent: whatever was done before, it looks, writes where that differs, and
 * reads back; so it may run twice, late, or after a crash. A report is appended only where it says
 * something new, and is waited for, so that the next one has the next number.
 */
import { isInForce, sameSet, type WantedSet, wantedSet } from '../aggregates/target/wanted-set.ts';
import type { World } from '../aggregates/world.ts';
import { berthError } from '../contract/errors.ts';
import { type TargetName, targetKey } from '../contract/identity.ts';
import { eventRecord } from '../contract/records.ts';
import { TOPICS } from '../contract/topics.ts';
import type { AclDriver, AclInForce } from '../ports/acl-driver/port.ts';
import type { EventLog } from '../ports/event-log/port.ts';
import type { Reports } from './reports.ts';

export interface BringInLineComponents {
  readonly world: World;
  readonly eventLog: EventLog;
  readonly reports: Reports;
  /** The driver of a target as it is wanted now. */
  readonly driverOf: (wanted: WantedSet) => AclDriver;
  /** The target said what is in force, and the fold knows it. */
  readonly onReadBack: (target: TargetName) => void;
}

/** False: it is no target of the courier's. @throws BERTH_ACL_ codes */
export async function bringInLine(
  target: TargetName,
  components: BringInLineComponents,
  signal: AbortSignal,
): Promise<boolean> {
  const state = components.world.target(target);
  const wanted = state === undefined ? null : wantedSet(state);
  if (state === undefined || wanted === null) return false;
  const driver = components.driverOf(wanted);
  // Nothing is known to be wrong: it is only looked at, and written where that is not so.
  if (isInForce(state)) {
    const inForce = await readBack(target, driver, components, signal);
    if (isAsWanted(wanted, inForce)) return true;
  }
  await driver.write(wanted, signal);
  const inForce = await readBack(target, driver, components, signal);
  refuseOther(wanted, inForce);
  return true;
}

async function readBack(
  target: TargetName,
  driver: AclDriver,
  components: BringInLineComponents,
  signal: AbortSignal,
): Promise<AclInForce> {
  const inForce = await driver.read(signal);
  await report(target, inForce, components, signal);
  components.onReadBack(target);
  return inForce;
}

async function report(
  target: TargetName,
  { revision, addresses }: AclInForce,
  { world, eventLog, reports }: BringInLineComponents,
  signal: AbortSignal,
): Promise<void> {
  const state = world.target(target);
  if (state?.spec?.driver.type !== 'Webhook') return;
  if (revision > state.revision) {
    throw berthError('BERTH_ACL_AHEAD', { target, there: revision, revision: state.revision });
  }
  const { reported } = state;
  const isKnown = reported?.revision === revision && reported.addresses.join() === addresses.join();
  if (isKnown) return;
  const number = state.reports + 1;
  const body = { type: 'AclReported', revision, addresses } as const;
  const record = eventRecord(targetKey(target), body, { by: `acl/${target}`, number });
  const folded = reports.folded(record.id, signal);
  await eventLog.append(TOPICS.events.name, [{ key: record.aggregate, value: { ...record } }]);
  if (!(await folded)) throw berthError('BERTH_ACL_REPORT_LOST', { target });
}

function isAsWanted(wanted: WantedSet, inForce: AclInForce): boolean {
  return inForce.revision === wanted.revision && sameSet(wanted, inForce);
}

/** What a target took and what it says afterwards are two things. */
function refuseOther(wanted: WantedSet, inForce: AclInForce): void {
  const { target, revision, entries } = wanted;
  if (!sameSet(wanted, inForce)) {
    const there = new Set(inForce.addresses);
    const missing = entries.filter(({ address }) => !there.has(address)).length;
    const strange = inForce.addresses.length - (entries.length - missing);
    throw berthError('BERTH_ACL_NOT_IN_FORCE', { target, revision, missing, strange });
  }
  if (inForce.revision !== revision) {
    const there = inForce.revision;
    throw berthError('BERTH_ACL_OTHER_REVISION', { target, revision, there });
  }
}
