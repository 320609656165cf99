/**
 * Where redis-server is. Debian's package of that name adds a system service to the program, which
 * itself comes with redis-tools, as redis-check-rdb: one program of three names.
 */
import { existsSync } from 'node:fs';

const PLACES = ['/usr/bin/redis-server', '/usr/local/bin/redis-server', '/usr/bin/redis-check-rdb'];
const found = PLACES.find((file) => existsSync(file));

export const redisBinary: string = found ?? 'redis-server';

/** Why no Redis can be started here; null when one can. */
export const noRedis: string | null =
  found === undefined ? 'there is no redis-server (npm run ready)' : null;
