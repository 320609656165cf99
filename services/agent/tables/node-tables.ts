/**
 * What this node's tables shall hold, kept up to date as resources and attachments change: only
 * what changed, and what rests on it, is compiled again. No I/O: the kernel is looked at through
 * the view that the caller passes, and changed by others.
 */

import { POD_PORT_FIRST } from '../../contract/block.ts';
import type { Cidr } from '../../contract/cidr.ts';
import type { NodeName, PodUid } from '../../contract/identity.ts';
import { encodeConfig } from '../../ports/datapath/tables/config.ts';
import { encodeLocalPods } from '../../ports/datapath/tables/local-pods.ts';
import type { LocalAttachment } from '../pod-attachment.ts';
import { type ResourceBody, readResource } from '../resource.ts';
import { createClaims } from './claims.ts';
import {
  type CompileContext,
  type Compiled,
  compileAddress,
  compileAttachment,
  compileBlock,
  compileNode,
  compilePod,
  compilePolicy,
  type Owns,
  owned,
} from './compile.ts';
import type { Content, Ref } from './content.ts';
import { createDependents } from './dependents.ts';
import type { KernelView } from './kernel-view.ts';
import { createNumbers } from './numbers.ts';
import { createSlotRanges } from './slot-ranges.ts';

export interface NodeTablesInit {
  readonly self: NodeName;
  readonly podCidrs: readonly Cidr[];
  readonly uplinkMac: string;
  readonly owns: Owns;
}

/** Of a pod on this node: not named by the hub, not selected, held, or with a berth in force. */
export type PodState = 'unknown' | 'unselected' | 'unmapped' | 'mapped';

export interface NodeTables {
  /**
   * Null: gone. Answers the places that this may change.
   * @throws BERTH_DATAPATH_FULL; the caller sets the resources back then.
   */
  setResources(touched: ReadonlyMap<string, Uint8Array | null>, kernel: KernelView): Ref[];
  setAttachment(uid: PodUid, attachment: LocalAttachment | null): Ref[];
  /** `owns` may answer otherwise now. */
  ownershipChanged(): Ref[];
  attachment(uid: PodUid): LocalAttachment | null;
  podState(uid: PodUid): PodState;
  /** The pods with a berth in force, once the tables hold what they shall. */
  mapped(): ReadonlySet<PodUid>;
  /** Null: shall not be there. */
  wanted(ref: Ref): Uint8Array | null;
  all(): Content;
}

/** `kernelPods`: what the kernel has, whenever it is looked at. */
export function createNodeTables(init: NodeTablesInit, kernelPods: Content['pods']): NodeTables {
  const resources = new Map<string, Uint8Array>();
  const attachments = new Map<PodUid, LocalAttachment>();
  const states = new Map<PodUid, PodState>();
  const claims = createClaims();
  const dependents = createDependents();
  const numbers = createNumbers();
  const ranges = createSlotRanges(kernelPods);
  const context: CompileContext = {
    self: init.self,
    owns: init.owns,
    ...numbers,
    slotRanges: ranges.assign,
  };

  function compile(key: string): Ref[] {
    const bytes = resources.get(key);
    const body = bytes === undefined ? null : readResource(bytes).body;
    if (key.startsWith('pod/')) return compilePodOf(key, body);
    const compiled = body === null ? NOTHING : compileBody(body, context);
    dependents.set(key, compiled.dependsOn);
    return claims.set(key, compiled.entries);
  }

  function compilePodOf(key: string, body: ResourceBody | null): Ref[] {
    const uid = key.slice('pod/'.length);
    if (body?.case !== 'pod') {
      states.delete(uid);
      ranges.assign(uid, null, []);
      dependents.set(key, []);
      return claims.set(key, []);
    }
    const compiled = compilePod(body.value, attachments.get(uid) ?? null, context);
    const { selected } = body.value;
    states.set(uid, compiled.mapped ? 'mapped' : selected ? 'unmapped' : 'unselected');
    dependents.set(key, compiled.dependsOn);
    return claims.set(key, compiled.entries);
  }

  claims.set('self', [
    owned('config', encodeConfig({ podPortFirst: POD_PORT_FIRST, uplinkMac: init.uplinkMac })),
    ...init.podCidrs.map((cidr) => owned('localPods', encodeLocalPods(cidr))),
  ]);

  return {
    setResources(touched, kernel) {
      const dirty = new Set(touched.keys());
      for (const [key, bytes] of touched) {
        if (bytes === null) resources.delete(key);
        else resources.set(key, bytes);
        const body = bytes === null ? null : readResource(bytes).body;
        const moved = numbers.assign(key, body, kernel);
        if (moved) for (const dependent of dependents.of(key)) dirty.add(dependent);
      }
      return [...dirty].flatMap(compile);
    },
    setAttachment(uid, attachment) {
      if (attachment === null) attachments.delete(uid);
      else attachments.set(uid, attachment);
      const entries = attachment === null ? [] : compileAttachment(attachment).entries;
      return [...claims.set(`attachment/${uid}`, entries), ...compile(`pod/${uid}`)];
    },
    ownershipChanged: () =>
      [...resources.keys()].filter((key) => key.startsWith('address/')).flatMap(compile),
    attachment: (uid) => attachments.get(uid) ?? null,
    podState: (uid) => states.get(uid) ?? 'unknown',
    mapped() {
      return new Set([...states].flatMap(([uid, state]) => (state === 'mapped' ? [uid] : [])));
    },
    wanted: claims.wanted,
    all: claims.all,
  };
}

const NOTHING: Compiled = { entries: [], dependsOn: [] };

function compileBody(body: ResourceBody, context: CompileContext): Compiled {
  switch (body.case) {
    case 'policy':
      return compilePolicy(body.value, context.policySet(body.value.name));
    case 'address':
      return compileAddress(body.value, context);
    case 'node':
      return compileNode(body.value, context);
    case 'block':
      return compileBlock(body.value, context);
    case 'pod':
      return NOTHING;
  }
}
