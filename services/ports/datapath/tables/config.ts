/** `config`: the one element of values that hold for the whole node. */
import type { Entry } from '../port.ts';
import { numberKey, structReader, structWriter } from './bytes.ts';
import { LAYOUT } from './layout.gen.ts';

export interface ConfigEntry {
  /** L: the first port of every pod's narrow range, one for the whole installation. */
  readonly podPortFirst: number;
  /** Of the interface that this node's gateway role works on. */
  readonly uplinkMac: string;
}

const CONFIG = LAYOUT.berth_config;

export function encodeConfig({ podPortFirst, uplinkMac }: ConfigEntry): Entry {
  const value = structWriter('config', CONFIG.size);
  value.u16(CONFIG.offsets.pod_port_first, podPortFirst);
  value.mac(CONFIG.offsets.uplink_mac, uplinkMac);
  return { key: configKey(), value: value.bytes };
}

export function configKey(): Uint8Array {
  return numberKey('config', 0);
}

export function decodeConfig(entry: Entry): ConfigEntry {
  const value = structReader('config', entry.value, CONFIG.size);
  return {
    podPortFirst: value.u16(CONFIG.offsets.pod_port_first),
    uplinkMac: value.mac(CONFIG.offsets.uplink_mac),
  };
}
