/** A link's state machine where the node knows another log than the hub reads. */
import { describe, expect, it } from 'vitest';
import type { Version } from '../contract/version.ts';
import { createSession, type Held, type Push, type WantedSet } from './session.ts';

describe('a node of the log that this one was moved from', () => {
  const CUT: Version = { 0: 7, 1: 3 };
  const HAS = 9n;

  /** The first push to a node that has this, if any. */
  function pushTo(held: Held, version: Version = { 0: 2, generation: 1 }): Push | null {
    const session = createSession();
    session.hello(held);
    const bytes = new Uint8Array([1]);
    const wanted: WantedSet = {
      version,
      checksum: HAS,
      movedFrom: ({ generation = 0 }) => (generation === 0 ? CUT : null),
      get: () => ({ bytes }),
      resources: () => [{ bytes }],
    };
    return session.next(wanted, 0);
  }

  it('is sent the version alone, where it has all that it shall have', () => {
    const push = pushTo({ version: { 0: 7, 1: 2 }, checksum: HAS });
    expect(push).toMatchObject({ kind: 'delta', resources: [], movedFrom: CUT });
    expect(push?.version).toEqual({ 0: 2, generation: 1 });
  });

  it('is sent everything where it has something else', () => {
    const push = pushTo({ version: { 1: 3 }, checksum: 5n });
    expect(push).toMatchObject({ kind: 'snapshot', movedFrom: CUT });
  });

  it('is sent nothing where it has more of that log than was moved', () => {
    expect(pushTo({ version: { 0: 8 }, checksum: 5n })).toBeNull();
    expect(pushTo({ version: { 2: 0 }, checksum: 5n })).toBeNull();
  });

  it('is sent nothing where this log does not know that one, or is the older one', () => {
    expect(pushTo({ version: { 0: 0, generation: 2 }, checksum: 5n })).toBeNull();
    expect(pushTo({ version: { 0: 0, generation: 1 }, checksum: 5n }, { 0: 9 })).toBeNull();
  });
});
