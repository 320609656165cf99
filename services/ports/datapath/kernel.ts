/**
 * The datapath in the kernel, by libberth. Everything lives by its pins in `pinDir`, one folder a
 * node, on a BPF file system (`mount -t bpf`): closing, a crash and an upgrade change nothing for
 * packets. Only `removeKernelDatapath` ends it. Needs root.
 */
import { existsSync, mkdirSync, readdirSync, rmdirSync, statfsSync, unlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { berthError } from '../../contract/errors.ts';
import { announce } from './kernel/announce.ts';
import { errnoName } from './kernel/errno.ts';
import { kernelEvents } from './kernel/kernel-events.ts';
import { kernelGateway } from './kernel/kernel-gateway.ts';
import { destroyLinks, kernelHooks, LINK_FOLDERS } from './kernel/kernel-hooks.ts';
import { kernelPackets } from './kernel/kernel-packets.ts';
import { kernelSlots } from './kernel/kernel-slots.ts';
import { kernelTables } from './kernel/kernel-tables.ts';
import { type KernelObjects, loadLibrary, openObjects } from './kernel/objects.ts';
import type { PacketDatapath } from './packet-runner.ts';
import type { Counter } from './port.ts';
import { REASONS } from './tables/reasons.gen.ts';

export interface KernelInit {
  /** On a BPF file system; made if it is not there. */
  readonly pinDir: string;
  /** @default build/bpf, where `make -C native` puts the objects */
  readonly objectDir?: string;
  /** Path of the network namespace that the interfaces are in. @default our own */
  readonly netns?: string;
}

const OBJECT_DIR = resolve(import.meta.dirname, '../../../build/bpf');
const BPF_FS_MAGIC = 0xcafe4a11;

/**
 * @throws BERTH_DATAPATH_NEEDS_ROOT, BERTH_DATAPATH_LOAD, or BERTH_DATAPATH_LAYOUT when what is
 * pinned is of a version with other layouts
 */
export function kernelDatapath(init: KernelInit): PacketDatapath {
  const { pinDir, objectDir = OBJECT_DIR, netns = null } = init;
  loadLibrary();
  makePinDir(pinDir);
  const place = { pinDir, objectDir };
  const objects = openObjects(place);
  unpinStrangers(pinDir, objects);
  const hooks = kernelHooks({ pinDir, netns, objects, reopen: () => openObjects(place) });
  const tables = kernelTables(objects);
  const packets = kernelPackets(objects);
  const slots = kernelSlots(objects);
  const gateway = kernelGateway(objects);
  const events = kernelEvents(objects);
  let isClosed = false;
  const guarded = <Args extends unknown[], Answer>(call: (...args: Args) => Answer) => {
    return (...args: Args): Answer => {
      if (isClosed) throw berthError('BERTH_DATAPATH_CLOSED', {});
      return call(...args);
    };
  };
  return {
    kind: 'kernel',
    tables: {
      put: guarded(tables.put),
      remove: guarded(tables.remove),
      read: guarded(tables.read),
      dump: guarded(tables.dump),
      clearSlots: guarded(tables.clearSlots),
    },
    hooks: {
      attach: async (program, on) => guarded(hooks.attach)(program, on),
      detach: async (program, on) => guarded(hooks.detach)(program, on),
      attachments: guarded(hooks.attachments),
      interfaceIndex: guarded(hooks.interfaceIndex),
    },
    gateway: {
      setLease: guarded(gateway.setLease),
      lease: guarded(gateway.lease),
      heartbeatSeenNs: guarded(gateway.heartbeatSeenNs),
    },
    events: { take: guarded(events.take), lost: guarded(events.lost) },
    counters: guarded(() => readCounters(objects)),
    announce: guarded((announcement) => announce(objects.library, netns, announcement)),
    packets: { run: guarded(packets.run) },
    slots: { read: guarded(slots.read), write: guarded(slots.write) },
    close() {
      isClosed = true;
      events.close();
      objects.close();
    },
  };
}

/**
 * Ends every attachment under `pinDir` and removes the tables and the folder; answers what there
 * was. Not while a datapath is open there.
 */
export async function removeKernelDatapath(pinDir: string): Promise<readonly string[]> {
  const library = loadLibrary();
  if (!existsSync(pinDir)) return [];
  const removed: string[] = [];
  for (const folder of LINK_FOLDERS.map((name) => join(pinDir, name)).filter(existsSync)) {
    removed.push(...readdirSync(folder).map((name) => join(folder, name)));
    await destroyLinks(library, folder);
    rmdirSync(folder);
  }
  for (const pin of readdirSync(pinDir).map((name) => join(pinDir, name))) {
    removed.push(pin);
    unlinkSync(pin);
  }
  rmdirSync(pinDir);
  return removed;
}

/**
 * Tables of another version, under names that this one does not have. The programs that read them
 * hold them until they are replaced; then they are freed.
 */
function unpinStrangers(pinDir: string, objects: KernelObjects): void {
  for (const entry of readdirSync(pinDir, { withFileTypes: true })) {
    // A pin's name has no dot; what has one is the file system's own.
    if (entry.isDirectory() || entry.name.includes('.') || objects.hasMap(entry.name)) continue;
    unlinkSync(join(pinDir, entry.name));
  }
}

function makePinDir(pinDir: string): void {
  try {
    mkdirSync(pinDir, { recursive: true });
  } catch (error) {
    throw berthError('BERTH_DATAPATH_LOAD', { reason: `${pinDir} cannot be made` }, error);
  }
  if (statfsSync(pinDir).type !== BPF_FS_MAGIC) {
    const reason = `${pinDir} is not on a BPF file system (mount -t bpf)`;
    throw berthError('BERTH_DATAPATH_LOAD', { reason });
  }
}

function readCounters(objects: KernelObjects): Counter[] {
  const sums = new BigUint64Array(2 * REASONS.length);
  const result = objects.library.mapSumPairs(objects.map('counters'), sums, REASONS.length);
  if (result < 0) {
    throw berthError('BERTH_DATAPATH_LOAD', { reason: `counters: ${errnoName(result)}` });
  }
  return REASONS.map(({ name, number }) => ({
    reason: name,
    packets: sums[2 * number] ?? 0n,
    bytes: sums[2 * number + 1] ?? 0n,
  }));
}
