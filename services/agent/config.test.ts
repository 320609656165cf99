/** What an agent may be told, and how a mistake is named. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readAgentConfig } from './config.ts';

const FLAGS = [
  '--node',
  'n1',
  '--boot-id',
  'b1',
  '--hub',
  '10.0.0.9:7443',
  '--certificates',
  '/tls',
  '--datapath',
  'memory',
  '--uplink',
  'eth0',
  '--uplink',
  'eth1',
  '--pod-cidr',
  '10.1.0.0/24',
  '--pin-dir',
  '/p',
  '--state-dir',
  '/s',
  '--cni-socket',
  '/c',
  '--gateway',
];
const mac = '02:00:00:00:00:07';
const interfaces = () => ({
  eth0: [
    {
      family: 'IPv6' as const,
      address: 'fe80::1',
      mac,
      netmask: '',
      internal: false,
      cidr: null,
      scopeid: 2,
    },
    { family: 'IPv4' as const, address: '10.0.0.1', mac, netmask: '', internal: false, cidr: null },
  ],
});

describe('the configuration of an agent', () => {
  it('takes flags, and the addresses of the first uplink from the system', () => {
    expect(readAgentConfig(FLAGS, interfaces)).toEqual({
      node: 'n1',
      bootId: 'b1',
      hub: ['10.0.0.9:7443'],
      certificates: '/tls',
      datapath: 'memory',
      uplinks: ['eth0', 'eth1'],
      podCidrs: ['10.1.0.0/24'],
      pinDir: '/p',
      stateDir: '/s',
      cniSocket: '/c',
      gateway: true,
      heartbeatPort: 7946,
      underlayIp: '10.0.0.1',
      mac,
    });
  });

  it('takes a file, and flags before it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'berth-config-'));
    try {
      const path = join(folder, 'agent.json');
      writeFileSync(path, JSON.stringify({ node: 'other', bootId: 'b2', underlayIp: '10.9.9.9' }));
      const args = ['--config', path, ...FLAGS.filter((_, at) => at !== 2 && at !== 3)];
      expect(readAgentConfig(args, interfaces)).toMatchObject({
        node: 'n1',
        bootId: 'b2',
        underlayIp: '10.9.9.9',
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('takes several hubs: with commas, or as a list of the file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'berth-config-'));
    try {
      const path = join(folder, 'agent.json');
      writeFileSync(path, JSON.stringify({ hub: ['hub-1:7443', 'hub-2:7443'] }));
      const without = FLAGS.filter((_, at) => at !== 4 && at !== 5);
      const { hub } = readAgentConfig(['--config', path, ...without], interfaces);
      expect(hub).toEqual(['hub-1:7443', 'hub-2:7443']);
    } finally {
      rmSync(folder, { recursive: true });
    }
    const flags = [...FLAGS, '--hub', 'hub-1:7443, [2001:db8::1]:7443'];
    expect(readAgentConfig(flags, interfaces).hub).toEqual(['hub-1:7443', '[2001:db8::1]:7443']);
  });

  it.each([
    ['a flag that is none', ['--node', 'n1', '--sing'], 'flags'],
    ['a file that is not there', ['--config', '/nowhere/agent.json'], 'config'],
    ['a hub without a port', [...FLAGS, '--hub', '10.0.0.9'], 'hub'],
    ['a list of hubs with an empty one', [...FLAGS, '--hub', '10.0.0.9:7443,'], 'hub[1]'],
    ['a CIDR with host bits', [...FLAGS, '--pod-cidr', '10.1.0.1/24'], 'podCidrs[1]'],
    ['another datapath', [...FLAGS, '--datapath', 'magic'], 'datapath'],
    ['a missing node', FLAGS.slice(2), 'node'],
  ])('refuses %s, naming the field', (_, args, field) => {
    expect(() => readAgentConfig(args, interfaces)).toThrow(
      expect.objectContaining({
        code: 'BERTH_CONFIG_BAD',
        message: expect.stringContaining(field),
      }),
    );
  });

  it('refuses an uplink without an address', () => {
    expect(() => readAgentConfig(FLAGS, () => ({}))).toThrow('underlayIp');
  });
});
