/** Which names in a certificate count, and what the code of a refusal is. */
import { describe, expect, it } from 'vitest';
import { hasCode } from './errors.ts';
import { certificateRefusal, nodeOfCertificate, nodeUri } from './link-names.ts';

describe('the name in a node’s certificate', () => {
  it('is its URI', () => {
    expect(nodeUri('n1.example')).toBe('berth://node/n1.example');
    expect(nodeOfCertificate('URI:berth://node/n1.example')).toBe('n1.example');
  });

  it.each([
    ['nothing', undefined],
    ['a DNS name', 'DNS:n1'],
    ['a URI of another kind', 'URI:spiffe://cluster/n1'],
    ['a second name', 'URI:berth://node/n1, URI:berth://node/n2'],
    ['a name beside it', 'URI:berth://node/n1, DNS:n2'],
    ['a path below it', 'URI:berth://node/n1/x'],
    ['no name', 'URI:berth://node/'],
    ['a quoted one', 'URI:"berth://node/n1, URI:berth://node/n2"'],
  ])('is not taken from %s', (_, names) => {
    expect(nodeOfCertificate(names)).toBeNull();
  });

  it('is refused where it is no name of a node', () => {
    expect(() => nodeUri('../n1')).toThrow('BERTH_CONFIG_BAD');
  });
});

describe('what is wrong with a certificate', () => {
  it.each([
    ['CERT_HAS_EXPIRED', 'BERTH_LINK_CERTIFICATE_EXPIRED'],
    ['Error: certificate is not yet valid (2026)', 'BERTH_LINK_CERTIFICATE_NOT_YET_VALID'],
    ['INVALID_PURPOSE', 'BERTH_LINK_CERTIFICATE_PURPOSE'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'BERTH_LINK_CERTIFICATE_UNKNOWN_CA'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'BERTH_LINK_CERTIFICATE_UNKNOWN_CA'],
    ['self-signed certificate in certificate chain', 'BERTH_LINK_CERTIFICATE_UNKNOWN_CA'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'BERTH_LINK_PLAINTEXT'],
    ['something new', 'BERTH_LINK_HANDSHAKE'],
  ] as const)('%s has the code %s', (reason, code) => {
    expect(hasCode(certificateRefusal('n1', reason), code)).toBe(true);
  });
});
