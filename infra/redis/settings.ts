/** The settings of a redis-server: what Berth's jobs need of any, and what ours has besides. */

/** A job that was evicted or forgotten would wait until the state asks for it anew. */
export const REDIS_SETTINGS = {
  'maxmemory-policy': 'noeviction',
  appendonly: 'yes',
  appendfsync: 'everysec',
} as const;

export function redisArgs(port: number, dataFolder: string): readonly string[] {
  const settings: Readonly<Record<string, string>> = {
    ...REDIS_SETTINGS,
    port: String(port),
    bind: '127.0.0.1',
    dir: dataFolder,
    // The AOF holds it all; no snapshot beside it.
    save: '',
    daemonize: 'no',
    // A title would be written over its environment, by whose mark it is found (server-folder.ts).
    'set-proc-title': 'no',
  };
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
}
