/**
 * An ACL server that misbehaves as a file tells it to, or else passes everything on to a real one.
 * `misbehaving-main.ts HOST PORT MODE_FILE REAL_URL`; the file is read anew for each request.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';

const [host = '', port = '', modeFile = '', realUrl = ''] = process.argv.slice(2);
const JSON_TYPE = { 'content-type': 'application/json', etag: '"none"' };

const misbehaviour: Readonly<Record<string, (response: ServerResponse, body: string) => void>> = {
  hang: () => undefined,
  fail: (response) => void response.writeHead(500).end(),
  redirect: (response) => void response.writeHead(307, { location: realUrl }).end(),
  half: (response) => {
    response.writeHead(200, { ...JSON_TYPE, 'content-length': '500' });
    response.write('{"target": ', () => response.destroy());
  },
  // Takes every set and has none of it.
  lie: (response, body) => {
    if (body !== '') taken = JSON.parse(body) as { target: string; revision: number };
    response.writeHead(200, JSON_TYPE).end(JSON.stringify({ ...taken, addresses: [] }));
  },
};
let taken = { target: 'bad', revision: 0 };

async function passOn(from: IncomingMessage, response: ServerResponse, body: string) {
  const { method, headers } = from;
  const asked = request(realUrl, { method: method ?? 'GET', headers }).end(body);
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  response.writeHead(answer.statusCode ?? 502, answer.headers);
  answer.pipe(response);
}

async function serve(from: IncomingMessage, response: ServerResponse): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of from) parts.push(part as Buffer);
  const body = Buffer.concat(parts).toString('utf8');
  const misbehave = misbehaviour[readFileSync(modeFile, 'utf8').trim()];
  if (misbehave === undefined) await passOn(from, response, body);
  else misbehave(response, body);
}

createServer((from, response) => {
  serve(from, response).catch(() => response.destroy());
}).listen(Number(port), host);
