/** What the issued certificates say, read by Node, not by the library that made them. */
import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { nodeOfCertificate } from '../contract/link-names.ts';
import { systemClock } from '../runtime/clock.ts';
import { systemRandom } from '../runtime/random.ts';
import { HUB_BEARER, makeAuthority, nodeBearer, openAuthority } from './authority.ts';

const components = { clock: systemClock(), random: systemRandom() };
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';

async function authority() {
  return openAuthority(await makeAuthority(components), components);
}

describe('the authority of the agent link', () => {
  it('issues a node a client’s certificate, with the node’s URI as its only name', async () => {
    const ca = await authority();
    const issued = await ca.issue(nodeBearer('n1.example'), { days: 1 });
    const certificate = new X509Certificate(issued.certificate);
    expect(nodeOfCertificate(certificate.subjectAltName)).toBe('n1.example');
    expect(certificate.keyUsage).toEqual([CLIENT_AUTH]);
    expect(certificate.verify(new X509Certificate(ca.certificate).publicKey)).toBe(true);
    expect(certificate.ca).toBe(false);
  });

  it('issues the hub the certificate of a server, under a name that is no address', async () => {
    const issued = await (await authority()).issue(HUB_BEARER, { days: 1 });
    const certificate = new X509Certificate(issued.certificate);
    expect(certificate.checkHost('berth-hub')).toBe('berth-hub');
    expect(certificate.keyUsage).toEqual([SERVER_AUTH]);
    expect(nodeOfCertificate(certificate.subjectAltName)).toBeNull();
  });

  it('issues for as long as it is told, from a little before now', async () => {
    const issued = await (await authority()).issue(nodeBearer('n1'), { days: 2 });
    const { validFromDate, validToDate } = new X509Certificate(issued.certificate);
    expect(validToDate.getTime() - validFromDate.getTime()).toBe(2 * 24 * 60 * 60 * 1000);
    expect(validFromDate.getTime()).toBeLessThan(components.clock.nowMs());
  });

  it('issues a name of the greatest length that a node may have', async () => {
    const longest = 'n'.repeat(253);
    const issued = await (await authority()).issue(nodeBearer(longest), { days: 1 });
    expect(nodeOfCertificate(new X509Certificate(issued.certificate).subjectAltName)).toBe(longest);
  });
});
