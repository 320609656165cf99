/**
 * Loaded into a mapper before its program: it kills itself as soon as the log has acknowledged a
 * decision of its own, before anything that would come after the append.
 */
import { subscribe } from 'node:diagnostics_channel';
import type { ChannelMessages, ChannelName } from '../../../services/contract/channels.ts';

const MADE = 'berth:mapper:records-made' satisfies ChannelName;
const WRITTEN = 'berth:log:entries-written' satisfies ChannelName;

let hasDecided = false;

subscribe(MADE, (message) => {
  const { records } = message as ChannelMessages[typeof MADE];
  hasDecided ||= records.some(({ body }) => body.type === 'Decision');
});
subscribe(WRITTEN, () => {
  if (hasDecided) process.kill(process.pid, 'SIGKILL');
});
