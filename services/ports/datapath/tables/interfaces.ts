/** `interfaces`: the host-side veth of a pod -> the pod's IP, the only source it may send from. */
import type { IpAddress } from '../../../contract/ip-address.ts';
import type { Entry } from '../port.ts';
import { numberKey, numberOfKey, structReader, structWriter } from './bytes.ts';
import { LAYOUT } from './layout.gen.ts';

export interface InterfaceEntry {
  readonly ifindex: number;
  readonly podIp: IpAddress;
}

const INTERFACE = LAYOUT.berth_interface;

export function encodeInterface({ ifindex, podIp }: InterfaceEntry): Entry {
  const value = structWriter('interfaces', INTERFACE.size);
  value.ip(INTERFACE.offsets.pod_ip, podIp);
  return { key: interfaceKey(ifindex), value: value.bytes };
}

export function interfaceKey(ifindex: number): Uint8Array {
  return numberKey('interfaces', ifindex);
}

export function decodeInterface(entry: Entry): InterfaceEntry {
  const value = structReader('interfaces', entry.value, INTERFACE.size);
  return {
    ifindex: numberOfKey('interfaces', entry.key),
    podIp: value.ip(INTERFACE.offsets.pod_ip),
  };
}
