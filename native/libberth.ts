/**
 * The one file that knows of the foreign function interface: libberth.h, call by call. Transfer
 * types only, no logic: numbers, bytes, text; null, never undefined. A result below zero is -errno.
 */
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import koffi from 'koffi';

/** Opaque: a loaded object. */
export interface BerthObject {
  readonly brand: 'berth_object';
}

/** Opaque: the reading end of a ring buffer. */
export interface BerthRing {
  readonly brand: 'berth_ring';
}

export interface Libberth {
  abiVersion(): number;
  /** `object` gets one element, if the result is 0. `detail` gets text that ends with a zero. */
  objectOpen(
    path: string,
    pinDir: string,
    object: (BerthObject | null)[],
    detail: Uint8Array,
    detailSize: number,
  ): number;
  objectClose(object: BerthObject | null): void;
  objectProgram(object: BerthObject, name: string): number;
  objectMap(object: BerthObject, name: string): number;
  objectLayout(object: BerthObject, text: Uint8Array, size: number): number;
  mapUpdateBatch(map: number, keys: Uint8Array, values: Uint8Array, count: Uint32Array): number;
  mapDeleteBatch(map: number, keys: Uint8Array, count: Uint32Array): number;
  mapLookupBatch(
    map: number,
    keys: Uint8Array,
    values: Uint8Array,
    found: Uint8Array,
    count: number,
  ): number;
  mapDump(map: number, keys: Uint8Array, values: Uint8Array, count: Uint32Array): number;
  mapSumPairs(map: number, sums: BigUint64Array, count: number): number;
  /** `ring` gets one element, if the result is 0. */
  ringOpen(map: number, ring: (BerthRing | null)[]): number;
  ringClose(ring: BerthRing): void;
  /** `count`: of one number, the room, which becomes how many were taken. */
  ringTake(ring: BerthRing, records: Uint8Array, recordSize: number, count: Uint32Array): number;
  /** Waits for the kernel's readers, some 10 ms: in a thread of the pool. */
  linkCreate(
    program: number,
    ifindex: number,
    hook: number,
    netns: string | null,
    pin: string,
  ): Promise<number>;
  linkUpdate(pin: string, program: number): number;
  /** In a thread of the pool, as `linkCreate`. */
  linkDestroy(pin: string): Promise<number>;
  /** `info`: ifindex, program id. */
  linkInfo(pin: string, info: Uint32Array): number;
  hookFirst(ifindex: number, hook: number, netns: string | null, programId: Uint32Array): number;
  /** `runs` gets, a frame: verdict, size, and of each reason packets and bytes. */
  progRun(
    program: number,
    counters: number,
    frames: Uint8Array,
    sizes: Uint32Array,
    count: number,
    out: Uint8Array,
    room: number,
    runs: Uint32Array,
  ): number;
  /** `ns` gets one number: of a run, on average. */
  progTime(
    program: number,
    frame: Uint8Array,
    size: number,
    repeat: number,
    verdict: Uint32Array,
    ns: Float64Array,
  ): number;
  netnsSocket(netns: string | null, family: number, type: number, protocol: number): number;
  netnsIfindex(netns: string | null, name: string, ifindex: Uint32Array): number;
  arpAnnounce(
    netns: string | null,
    interfaceName: string,
    mac: Uint8Array,
    addresses: Uint8Array,
    count: number,
  ): number;
}

export const HOOK_TCX_INGRESS = 0;
export const HOOK_TCX_EGRESS = 1;
export const HOOK_XDP = 2;

const DEFAULT_PATH = resolve(import.meta.dirname, '../build/libberth.so');

let loaded: Libberth | null = null;

/** The library, loaded once in a process. Throws when it is not there: `make -C native`. */
export function libberth(): Libberth {
  loaded ??= load(DEFAULT_PATH);
  return loaded;
}

function load(path: string): Libberth {
  const library = koffi.load(path);
  const declare = (declaration: string) => library.func(declaration);
  const inThread = <Call>(declaration: string) =>
    promisify(library.func(declaration).async) as Call;
  koffi.opaque('berth_object');
  koffi.opaque('berth_ring');
  return {
    abiVersion: declare('uint32_t berth_abi_version()'),
    objectOpen: declare(
      'int berth_object__open(str path, str pin_dir, _Out_ berth_object **object, ' +
        'void *detail, uint32_t size)',
    ),
    objectClose: declare('void berth_object__close(berth_object *object)'),
    objectProgram: declare('int berth_object__program(berth_object *object, str name)'),
    objectMap: declare('int berth_object__map(berth_object *object, str name)'),
    objectLayout: declare(
      'int berth_object__layout(berth_object *object, void *text, uint32_t size)',
    ),
    mapUpdateBatch: declare('int berth_map__update_batch(int map, void *k, void *v, void *count)'),
    mapDeleteBatch: declare('int berth_map__delete_batch(int map, void *k, void *count)'),
    mapLookupBatch: declare(
      'int berth_map__lookup_batch(int map, void *k, void *v, void *found, uint32_t count)',
    ),
    mapDump: declare('int berth_map__dump(int map, void *k, void *v, void *count)'),
    mapSumPairs: declare('int berth_map__sum_pairs(int map, void *sums, uint32_t count)'),
    ringOpen: declare('int berth_ring__open(int map, _Out_ berth_ring **ring)'),
    ringClose: declare('void berth_ring__close(berth_ring *ring)'),
    ringTake: declare(
      'int berth_ring__take(berth_ring *ring, void *records, uint32_t size, void *count)',
    ),
    linkCreate: inThread(
      'int berth_link__create(int program, uint32_t ifindex, uint32_t hook, str netns, str pin)',
    ),
    linkUpdate: declare('int berth_link__update(str pin, int program)'),
    linkDestroy: inThread('int berth_link__destroy(str pin)'),
    linkInfo: declare('int berth_link__info(str pin, void *info)'),
    hookFirst: declare(
      'int berth_hook__first(uint32_t ifindex, uint32_t hook, str netns, void *program_id)',
    ),
    progRun: declare(
      'int berth_prog__run(int program, int counters, void *frames, void *sizes, ' +
        'uint32_t count, void *out, uint32_t room, void *runs)',
    ),
    progTime: declare(
      'int berth_prog__time(int program, void *frame, uint32_t size, uint32_t repeat, ' +
        'void *verdict, void *ns)',
    ),
    netnsSocket: declare('int berth_netns__socket(str netns, int family, int type, int protocol)'),
    netnsIfindex: declare('int berth_netns__ifindex(str netns, str name, void *ifindex)'),
    arpAnnounce: declare(
      'int berth_arp__announce(str netns, str interface, void *mac, void *addresses, ' +
        'uint32_t count)',
    ),
  };
}
