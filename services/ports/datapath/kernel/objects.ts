/**
 * The kernel programs, loaded: both objects, their programs and the tables they share. Refuses to
 * go on when the objects, libberth and the generated layouts are not of one making, since entries
 * written by a wrong layout would be obeyed.
 */
import { resolve } from 'node:path';
import { type BerthObject, type Libberth, libberth } from '../../../../native/libberth.ts';
import { berthError, isBerthError } from '../../../contract/errors.ts';
import type { ProgramName } from '../port.ts';
import { ABI, LAYOUT } from '../tables/layout.gen.ts';
import { ENOENT, EPERM, EPROTO, errnoName, isErrno } from './errno.ts';

export interface KernelObjects {
  readonly library: Libberth;
  /** A descriptor, good until `close`. */
  program(name: ProgramName): number;
  map(mapName: string): number;
  /** Whether any of the objects has a table of this name. */
  hasMap(mapName: string): boolean;
  close(): void;
}

export interface ObjectPlace {
  readonly pinDir: string;
  readonly objectDir: string;
}

const OBJECT_FILES = ['tc.bpf.o', 'xdp.bpf.o'] as const;
const PROGRAMS = {
  egress: { file: 'tc.bpf.o', symbol: 'berth_egress' },
  return: { file: 'tc.bpf.o', symbol: 'berth_return' },
  pod: { file: 'tc.bpf.o', symbol: 'berth_pod' },
  steer: { file: 'xdp.bpf.o', symbol: 'berth_steer' },
} as const;
const DETAIL_BYTES = 4096;
const LAYOUT_BYTES = 16384;

/** @throws BERTH_DATAPATH_LOAD, BERTH_DATAPATH_LAYOUT, BERTH_DATAPATH_NEEDS_ROOT */
export function openObjects(place: ObjectPlace): KernelObjects {
  const library = loadLibrary();
  const objects = new Map<string, BerthObject>();
  const close = () => {
    for (const object of objects.values()) library.objectClose(object);
    objects.clear();
  };
  try {
    for (const file of OBJECT_FILES) {
      const object = openObject(library, resolve(place.objectDir, file), place.pinDir);
      objects.set(file, object);
      checkLayout(library, object, file);
    }
  } catch (error) {
    close();
    throw error;
  }
  const found = (fd: number, what: string): number => {
    if (fd < 0) throw berthError('BERTH_DATAPATH_LOAD', { reason: `no ${what} in the objects` });
    return fd;
  };
  const object = (file: string): BerthObject => {
    const opened = objects.get(file);
    if (opened === undefined) throw berthError('BERTH_DATAPATH_CLOSED', {});
    return opened;
  };
  return {
    library,
    program(name) {
      const { file, symbol } = PROGRAMS[name];
      return found(library.objectProgram(object(file), symbol), symbol);
    },
    map: (mapName) => found(library.objectMap(object('tc.bpf.o'), mapName), mapName),
    hasMap: (mapName) =>
      [...objects.values()].some((object) => library.objectMap(object, mapName) >= 0),
    close,
  };
}

/** libberth, if it can be used here. */
export function loadLibrary(): Libberth {
  if (process.geteuid?.() !== 0) throw berthError('BERTH_DATAPATH_NEEDS_ROOT', {});
  try {
    const library = libberth();
    const version = library.abiVersion();
    if (version === ABI.ABI_VERSION) return library;
    const reason = `libberth has ABI version ${version} instead of ${ABI.ABI_VERSION}`;
    throw berthError('BERTH_DATAPATH_LOAD', { reason });
  } catch (error) {
    if (isBerthError(error)) throw error;
    throw berthError('BERTH_DATAPATH_LOAD', { reason: String(error) }, error);
  }
}

function openObject(library: Libberth, path: string, pinDir: string): BerthObject {
  const opened: (BerthObject | null)[] = [null];
  const detail = new Uint8Array(DETAIL_BYTES);
  const result = library.objectOpen(path, pinDir, opened, detail, detail.length);
  const object = opened[0] ?? null;
  if (result === 0 && object !== null) return object;
  const text = textOf(detail).trim();
  if (isErrno(result, EPROTO)) {
    const [table = '', reason = ''] = text.split(/: (.*)/s);
    throw berthError('BERTH_DATAPATH_LAYOUT', { table, reason });
  }
  if (isErrno(result, EPERM)) throw berthError('BERTH_DATAPATH_NEEDS_ROOT', { reason: text });
  const hint = isErrno(result, ENOENT) ? `, is ${path} there?` : '';
  const reason = `${errnoName(result)}${hint} ${text}`.trim();
  throw berthError('BERTH_DATAPATH_LOAD', { reason });
}

function checkLayout(library: Libberth, object: BerthObject, file: string): void {
  const bytes = new Uint8Array(LAYOUT_BYTES);
  const result = library.objectLayout(object, bytes, bytes.length);
  const lines = new Set(textOf(bytes).split('\n'));
  const wanted = Object.entries(LAYOUT).map(([name, { size, offsets }]) => {
    const members = Object.entries(offsets).map(([member, offset]) => ` ${member}=${offset}`);
    return `${name} ${size}${members.join('')}`;
  });
  const missing = wanted.filter((line) => !lines.has(line));
  if (result === 0 && missing.length === 0) return;
  const reason = `${file} is of another make: it has no struct ${missing.join(', nor ')}`;
  throw berthError('BERTH_DATAPATH_LOAD', { reason });
}

function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}
