/** Gratuitous ARP by libberth: IPv4 addresses alone, since IPv6 has its own way of saying it. */
import type { Libberth } from '../../../../native/libberth.ts';
import { berthError } from '../../../contract/errors.ts';
import { ipToBytes, isV4 } from '../../../contract/ip-address.ts';
import type { Announcement } from '../port.ts';
import { ENETDOWN, errnoName, isErrno } from './errno.ts';

const V4_BYTES = 4;

export function announce(
  library: Libberth,
  netns: string | null,
  { interfaceName, mac, addresses }: Announcement,
): void {
  const v4 = addresses.filter(isV4).map((address) => ipToBytes(address).slice(-V4_BYTES));
  const macBytes = Uint8Array.from(mac.split(':'), (byte) => Number.parseInt(byte, 16));
  const bytes = new Uint8Array(Buffer.concat(v4));
  const result = library.arpAnnounce(netns, interfaceName, macBytes, bytes, v4.length);
  // Behind an interface that is down there is nobody to tell.
  if (result >= 0 || isErrno(result, ENETDOWN)) return;
  const reason = errnoName(result);
  throw berthError('BERTH_DATAPATH_ANNOUNCE', { interface: interfaceName, reason });
}
