/** The ACL server's process: `main.ts '{"listen": "10.77.0.31:8080", "target": ..., ...}'`. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { parseSigningKeys } from '../../services/ports/acl-driver/webhook/signature.ts';
import { untilAborted } from '../../services/runtime/aborted.ts';
import { systemClock } from '../../services/runtime/clock.ts';
import { parseConfig } from '../../services/runtime/config.ts';
import { runMain } from '../../services/runtime/life-cycle.ts';
import { jsonLog } from '../../services/runtime/log.ts';
import { createAclServer } from './acl-server.ts';
import { nftAcl } from './nft-acl.ts';
import { revisionFile } from './revision-file.ts';

const schema = z.strictObject({
  host: z.string().min(1),
  port: z.int().min(1).max(65535),
  target: z.string().min(1),
  /** File of the signing keys. */
  secret: z.string().min(1),
  /** File of the revision. */
  revision: z.string().min(1),
  /** Set of nftables in the process's own namespace. */
  table: z.string(),
  set: z.string(),
});

const clock = systemClock();
const log = jsonLog({ fields: { name: 'acl-server' } });

async function main(stop: AbortSignal): Promise<void> {
  const config = parseConfig(schema, process.argv[2] ?? '');
  const keys = parseSigningKeys(await readFile(config.secret, 'utf8'));
  if (keys === null) throw new Error(`${config.secret} holds no signing key`);
  const components = { acl: nftAcl(config), revisions: revisionFile(config.revision), clock };
  const server = createAclServer({ target: config.target, keys }, components);
  server.listen(config.port, config.host);
  await once(server, 'listening');
  log.info({ target: config.target }, 'listening');
  await untilAborted(stop);
  server.close();
  server.closeAllConnections();
}

await runMain(main, { clock, log });
