/** A frame translated at one end: of an ICMP error, of what it quotes as well. */
import { rewrittenError } from './icmp-error.ts';
import type { Packet } from './packet.ts';
import { type End, rewritten } from './rewrite.ts';

export function translated(
  frame: Uint8Array,
  packet: Packet,
  which: 'src' | 'dst',
  end: End,
): Uint8Array {
  const isError = packet.kind === 'quoted' || packet.kind === 'quoted-echo';
  return isError ? rewrittenError(frame, packet, which, end) : rewritten(frame, packet, which, end);
}
