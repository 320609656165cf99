/** Asks agents what their nodes' tables hold, on the socket that the CNI plugin uses. */
import { createConnection } from 'node:net';
import { text } from 'node:stream/consumers';
import { z } from 'zod';

const ANSWER_TIMEOUT_MS = 5_000;

const answer = z.object({ ok: z.literal(true), entries: z.record(z.string(), z.number()) });

/** Used entries of all these agents' tables, as last read back; null: one is silent. */
export async function usedTableEntries(sockets: readonly string[]): Promise<number | null> {
  try {
    const counts = await Promise.all(sockets.map(usedEntriesOf));
    return counts.reduce((sum, count) => sum + count, 0);
  } catch {
    // What cannot be measured is absent from the report; the run has not converged either.
    return null;
  }
}

async function usedEntriesOf(socketPath: string): Promise<number> {
  const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
  const socket = createConnection({ path: socketPath, signal });
  socket.end(`${JSON.stringify({ verb: 'status' })}\n`);
  const { entries } = answer.parse(JSON.parse(await text(socket)));
  return Object.values(entries).reduce((sum, count) => sum + count, 0);
}
