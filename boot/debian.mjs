/**
 * The Debian packages that the kernel programs, the lab and the format check need. A package is
 * there when one file of it is: asking dpkg would cost more than all else that a no-op does.
 */
import { existsSync } from 'node:fs';
import { act } from './run.mjs';

const FILE_OF = {
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
// Behind a dead network apt would try each mirror for minutes.
const PATIENCE = ['-o', 'Acquire::Retries=1', '-o', 'Acquire::http::Timeout=15'];

const missing = () => Object.keys(FILE_OF).filter((name) => !existsSync(FILE_OF[name]));
const byHand = () =>
  `apt-get update && apt-get install --no-install-recommends ${missing().join(' ')}`;

export const debian = {
  what: 'Debian packages',
  isStale: () => missing().length > 0,
  cannot() {
    if (!existsSync('/usr/bin/apt-get')) return `no apt-get here to install ${missing().join(' ')}`;
    return process.getuid() === 0 ? null : `only root can install them: ${byHand()}`;
  },
  async act() {
    const names = missing();
    const env = { DEBIAN_FRONTEND: 'noninteractive' };
    // A failed update is not the end: the lists at hand may do. The install will tell.
    const update = ['update', '-qq', '-o', 'APT::Update::Error-Mode=any', ...PATIENCE];
    const noLists = await act('updating the list of Debian packages', 'apt-get', update, env);
    const install = ['install', '-y', '-qq', '--no-install-recommends', ...PATIENCE, ...names];
    const line = `installing Debian packages: ${names.join(' ')}`;
    const failed = await act(line, 'apt-get', install, env);
    if (failed === null) return null;
    const offline = noLists === null ? '' : ' (no package mirror answers: is this machine online?)';
    return `Debian packages could not be installed${offline}. By hand: ${byHand()}\n${failed}`;
  },
};
