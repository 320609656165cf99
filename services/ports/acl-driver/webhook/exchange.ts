/**
 * One HTTP request and its whole answer, or a code that says what went wrong: bounded in time (from
 * the first byte sent to the last one read, so that a server which drips is cut off too) and in
 * bytes. Follows no redirect: what is signed for one server is not for another.
 */
import { type IncomingMessage, request as plainRequest, type RequestOptions } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { type BerthError, berthError } from '../../../contract/errors.ts';
import type { Clock } from '../../../runtime/clock.ts';

export interface Exchange {
  readonly target: string;
  readonly url: string;
  readonly method: 'GET' | 'PUT';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** PEM; null: what the system trusts. */
  readonly ca: string | null;
  readonly timeoutMs: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly etag: string | null;
  readonly retryAfter: string | null;
  readonly body: string;
}

/** Room for some ten thousand addresses; a longer answer is no ACL. */
const ANSWER_BYTES_MAX = 1_048_576;

/** @throws BERTH_ACL_UNREACHABLE, _TIMEOUT, _CUT_OFF, _TOO_LARGE */
export async function exchange(
  what: Exchange,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<HttpAnswer> {
  const { target, timeoutMs } = what;
  const ending = new AbortController();
  const { promise: ended, reject: end } = Promise.withResolvers<never>();
  const giveUp = (error: BerthError): void => {
    end(error);
    ending.abort();
  };
  const onStop = (): void => giveUp(unreachable(what, 'the process is stopping'));
  const cancel = clock.after(timeoutMs, () => {
    giveUp(berthError('BERTH_ACL_TIMEOUT', { target, timeoutMs }));
  });
  signal.addEventListener('abort', onStop, { once: true });
  if (signal.aborted) onStop();
  try {
    return await Promise.race([answerTo(what, ending.signal), ended]);
  } finally {
    cancel();
    signal.removeEventListener('abort', onStop);
    ending.abort();
  }
}

async function answerTo(what: Exchange, signal: AbortSignal): Promise<HttpAnswer> {
  const response = await responseTo(what, signal);
  const { statusCode, headers } = response;
  const body = await bodyOf(response, what);
  return {
    status: statusCode ?? 0,
    contentType: headers['content-type'] ?? '',
    etag: headers.etag ?? null,
    retryAfter: headers['retry-after'] ?? null,
    body,
  };
}

function responseTo(what: Exchange, signal: AbortSignal): Promise<IncomingMessage> {
  const { url, method, headers, body, ca } = what;
  const isTls = new URL(url).protocol === 'https:';
  const length = { 'content-length': String(Buffer.byteLength(body)) };
  // A connection of its own: a target that hangs must not keep one for the next request.
  const options: RequestOptions = {
    method,
    agent: false,
    signal,
    headers: { ...headers, ...length },
  };
  return new Promise((resolve, reject) => {
    const sent = isTls
      ? tlsRequest(url, { ...options, ...(ca === null ? {} : { ca }) })
      : plainRequest(url, options);
    sent.on('response', resolve);
    sent.on('error', (error) => reject(unreachable(what, error.message, error)));
    sent.end(body);
  });
}

async function bodyOf(response: IncomingMessage, { target }: Exchange): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of response) {
      bytes += (part as Buffer).length;
      if (bytes > ANSWER_BYTES_MAX) {
        throw berthError('BERTH_ACL_TOO_LARGE', { target, max: ANSWER_BYTES_MAX });
      }
      parts.push(part as Buffer);
    }
  } catch (error) {
    if (bytes > ANSWER_BYTES_MAX) throw error;
    throw berthError('BERTH_ACL_CUT_OFF', { target, bytes }, error);
  }
  return Buffer.concat(parts).toString('utf8');
}

function unreachable({ target, url }: Exchange, reason: string, cause?: unknown): BerthError {
  const { host } = new URL(url);
  return berthError('BERTH_ACL_UNREACHABLE', { target, host, reason }, cause);
}
