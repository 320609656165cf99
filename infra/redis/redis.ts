/**
 * A real redis-server on this machine, with a port and a data folder of its own, addressed by
 * process id. It keeps what BullMQ needs kept: nothing is evicted, every write goes to the AOF. It
 * ends with its creator, however that ends. Debian's redis-tools hold the whole server (its name
 * decides what it is), so no system service comes with it.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { berthError } from '../../services/contract/errors.ts';
import { freePorts } from '../servers/free-ports.ts';
import { openServerFolder, type ServerFolder } from '../servers/server-folder.ts';
import type { ServerProcess } from '../servers/server-process.ts';
import { noRedis, redisBinary } from './binary.ts';
import { redisCommand } from './command.ts';
import { redisArgs } from './settings.ts';

const READY_WITHIN_MS = 15_000;

export interface Redis {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Its AOF files lie in `appendonlydir/` there. */
  readonly dataFolder: string;
  /** One that answers with a line: PING, FLUSHALL, CONFIG SET. @throws BERTH_SERVER_START */
  command(...words: readonly string[]): Promise<string>;
  /** For good: the process ends and its data goes. May be called twice. */
  stop(): Promise<void>;
  /** SIGKILL. It stays down, with its data, until it is restarted. */
  kill(): Promise<void>;
  /** SIGSTOP, SIGCONT. */
  pause(): void;
  resume(): void;
  /** On the same port and data; ends it first (SIGTERM) if it runs. Ready when it answers. */
  restart(): Promise<void>;
}

/** @throws BERTH_SERVER_MISSING, BERTH_SERVER_START */
export async function startRedis(): Promise<Redis> {
  if (noRedis !== null) {
    throw berthError('BERTH_SERVER_MISSING', { name: 'Redis', reason: noRedis });
  }
  const folder = await openServerFolder('redis');
  try {
    const [port = 0] = await freePorts(1);
    const dataFolder = join(folder.path, 'data');
    await mkdir(dataFolder);
    let running = await start(folder, port, dataFolder);
    return {
      url: `redis://127.0.0.1:${port}`,
      port,
      get pid() {
        return running.pid;
      },
      dataFolder,
      command: (...words) => redisCommand(port, words),
      stop: () => folder.close(),
      kill: () => running.kill(),
      pause: () => running.pause(),
      resume: () => running.resume(),
      restart: async () => {
        await running.stop();
        running = await start(folder, port, dataFolder);
      },
    };
  } catch (error) {
    await folder.close();
    throw error;
  }
}

async function start(
  folder: ServerFolder,
  port: number,
  dataFolder: string,
): Promise<ServerProcess> {
  const server = await folder.start({
    name: 'redis-server',
    command: redisBinary,
    argv0: 'redis-server',
    args: redisArgs(port, dataFolder),
    logFile: join(folder.path, 'redis.log'),
  });
  const answers = (): Promise<boolean> =>
    redisCommand(port, ['PING']).then(
      (line) => line === 'PONG',
      () => false,
    );
  await server.untilReady(answers, READY_WITHIN_MS);
  return server;
}
