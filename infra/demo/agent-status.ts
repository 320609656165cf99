/** Asks an agent what its node's kernel tables hold, on the socket that the CNI plugin uses. */
import { createConnection } from 'node:net';
import { text } from 'node:stream/consumers';
import { z } from 'zod';

const answer = z.object({ ok: z.literal(true), entries: z.record(z.string(), z.number()) });

/** Used entries of all tables, as read from the kernel. */
export async function usedTableEntries(socketPath: string): Promise<number> {
  const socket = createConnection(socketPath);
  socket.end(`${JSON.stringify({ verb: 'status' })}\n`);
  const { entries } = answer.parse(JSON.parse(await text(socket)));
  return Object.values(entries).reduce((sum, count) => sum + count, 0);
}
