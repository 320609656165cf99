/**
 * Saying and hearing what `contract/channels.ts` lists, over `node:diagnostics_channel`: one look
 * at a flag where nobody listens. A listener runs in the speaker's turn, so it only counts.
 */
import { channel, subscribe } from 'node:diagnostics_channel';
import type { ChannelMessages, ChannelName } from '../contract/channels.ts';

export function tell<Name extends ChannelName>(name: Name, message: ChannelMessages[Name]): void {
  channel(name).publish(message);
}

/** For as long as the process lives. */
export function hear<Name extends ChannelName>(
  name: Name,
  listener: (message: ChannelMessages[Name]) => void,
): void {
  subscribe(name, (message) => listener(message as ChannelMessages[Name]));
}
