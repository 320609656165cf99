/**
 * The Debian packages that the kernel programs, the lab and the format check need, and those of the
 * real servers (Kafka, Redis), which only some targets want. A package is there when one file of it
 * is: asking dpkg would cost more than all else that a no-op does.
 */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { act } from './run.mjs';

const OF_THE_KERNEL = {
  'clang-19': '/usr/bin/clang-19',
  'clang-format-19': '/usr/bin/clang-format-19',
  'llvm-19': '/usr/bin/llvm-strip-19',
  'libbpf-dev': '/usr/include/bpf/libbpf.h',
  'libelf-dev': '/usr/include/libelf.h',
  'zlib1g-dev': '/usr/include/zlib.h',
  'linux-libc-dev': '/usr/include/linux/bpf.h',
  'libc6-dev': '/usr/include/stdio.h',
  gcc: '/usr/bin/gcc',
  make: '/usr/bin/make',
  bpftool: '/usr/sbin/bpftool',
  iproute2: '/usr/bin/ip',
  nftables: '/usr/sbin/nft',
  ethtool: '/usr/sbin/ethtool',
  tcpdump: '/usr/bin/tcpdump',
};
/** A name without a path: any on the PATH will do, for a Java of one's own is as good. */
const OF_THE_SERVERS = {
  // The whole redis-server under another name, and no system service with it.
  'redis-tools': '/usr/bin/redis-check-rdb',
  'openjdk-17-jre-headless': 'java',
  maven: 'mvn',
};
// Behind a dead network apt would try each mirror for minutes.
const PATIENCE = ['-o', 'Acquire::Retries=1', '-o', 'Acquire::http::Timeout=15'];

export const debian = packages('Debian packages', OF_THE_KERNEL);
export const servers = packages('Debian packages for Kafka and Redis', OF_THE_SERVERS);

function packages(what, fileOf) {
  const missing = () => Object.keys(fileOf).filter((name) => !isThere(fileOf[name]));
  const byHand = () =>
    `apt-get update && apt-get install --no-install-recommends ${missing().join(' ')}`;
  return {
    what,
    isStale: () => missing().length > 0,
    cannot() {
      if (!existsSync('/usr/bin/apt-get')) {
        return `no apt-get here to install ${missing().join(' ')}`;
      }
      return process.getuid() === 0 ? null : `only root can install them: ${byHand()}`;
    },
    act: () => install(missing(), byHand()),
  };
}

async function install(names, byHand) {
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  // A failed update is not the end: the lists at hand may do. The install will tell.
  const update = ['update', '-qq', '-o', 'APT::Update::Error-Mode=any', ...PATIENCE];
  const noLists = await act('updating the list of Debian packages', 'apt-get', update, env);
  const args = ['install', '-y', '-qq', '--no-install-recommends', ...PATIENCE, ...names];
  const line = `installing Debian packages: ${names.join(' ')}`;
  const failed = await act(line, 'apt-get', args, env);
  if (failed === null) return null;
  const offline = noLists === null ? '' : ' (no package mirror answers: is this machine online?)';
  return `Debian packages could not be installed${offline}. By hand: ${byHand}\n${failed}`;
}

export function isThere(file) {
  if (file.startsWith('/')) return existsSync(file);
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, file)));
}
