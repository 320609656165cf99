/** An ACL server on loopback whose ACL is a set in memory, for tests of what speaks to it. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { IpAddress } from '../../../services/contract/ip-address.ts';
import { parseSigningKeys } from '../../../services/ports/acl-driver/webhook/signature.ts';
import { systemClock } from '../../../services/runtime/clock.ts';
import { createAclServer } from '../acl-server.ts';

export const TEST_KEY = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;

export interface ServedAcl {
  readonly url: string;
  readonly server: Server;
  addresses: readonly IpAddress[];
  revision: number;
  close(): Promise<void>;
}

export async function serveAcl(target: string): Promise<ServedAcl> {
  const acl = {
    replace: async (addresses: readonly IpAddress[]) => {
      served.addresses = addresses;
    },
    inForce: async () => [...served.addresses].sort(),
  };
  const revisions = {
    read: async () => served.revision,
    write: async (revision: number) => {
      served.revision = revision;
    },
  };
  const keys = parseSigningKeys(TEST_KEY) ?? [];
  const server = createAclServer({ target, keys }, { acl, revisions, clock: systemClock() });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const served: ServedAcl = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    server,
    addresses: [],
    revision: 0,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  return served;
}
