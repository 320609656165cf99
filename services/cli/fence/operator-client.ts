/** Speaks to the hub's operator socket (`contract/fence-api.ts`); refusals come as its errors. */
import { request } from 'node:http';
import { z } from 'zod';
import { ERROR_TABLE, type ErrorCode } from '../../contract/error-table.ts';
import { berthError } from '../../contract/errors.ts';
import type { FencePreview } from '../../contract/fence-api.ts';

export interface OperatorClient {
  preview(node: string): Promise<FencePreview>;
  fence(node: string, force: boolean): Promise<FencePreview>;
}

const OK = 200;
const TIMEOUT_MS = 30_000;

const refusal = z.object({
  code: z.string().refine((code): code is ErrorCode => code in ERROR_TABLE),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
});

/** Its calls throw BERTH_HUB_UNREACHABLE, or what the hub refuses with. */
export function createOperatorClient(socket: string): OperatorClient {
  const path = (node: string): string => `/api/fences/${encodeURIComponent(node)}`;
  return {
    preview: (node) => ask(socket, 'GET', path(node)),
    fence: (node, force) => ask(socket, 'POST', `${path(node)}?force=${force}`),
  };
}

async function ask(socket: string, method: string, path: string): Promise<FencePreview> {
  const { status, text } = await exchange(socket, method, path);
  if (status === OK) return JSON.parse(text) as FencePreview;
  const said = refusal.safeParse(parsed(text));
  if (said.success) throw berthError(said.data.code, said.data.details);
  throw berthError('BERTH_HUB_UNREACHABLE', { socket, reason: `it answered ${status} ${text}` });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function exchange(
  socketPath: string,
  method: string,
  path: string,
): Promise<{ readonly status: number; readonly text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>();
  const failed = (error: Error): void => {
    const reason = error.message;
    reject(berthError('BERTH_HUB_UNREACHABLE', { socket: socketPath, reason }, error));
  };
  const asked = request({ socketPath, method, path, timeout: TIMEOUT_MS }, (response) => {
    let text = '';
    response.setEncoding('utf8');
    response.on('data', (part: string) => {
      text += part;
    });
    response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    response.on('error', failed);
  });
  asked.on('timeout', () => asked.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
  asked.on('error', failed);
  asked.end();
  return promise;
}
