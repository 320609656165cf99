/**
 * A certificate authority as small as the agent link needs: it makes itself, and issues what nodes
 * and the hub show each other. ECDSA on P-256, since a thousand agents may shake hands at once.
 * Nothing is stored here; only the command line (`berth up`, `berth certificate`) has one.
 */
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import type { NodeName } from '../contract/identity.ts';
import { HUB_NAME, nodeUri } from '../contract/link-names.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';
import type { TlsFiles } from '../runtime/tls-files.ts';

/** Both PEM. */
export interface AuthorityKeys {
  readonly certificate: string;
  readonly key: string;
}

/** What a certificate says of its bearer. */
export interface Bearer {
  readonly commonName: string;
  readonly alternativeName: { readonly type: 'dns' | 'url'; readonly value: string };
  readonly purpose: 'server' | 'client';
}

export interface Authority {
  readonly certificate: string;
  issue(bearer: Bearer, validity: Validity): Promise<TlsFiles>;
}

export interface Validity {
  /** @default now, and a little earlier: clocks differ */
  readonly fromMs?: number;
  readonly days: number;
}

export interface AuthorityComponents {
  readonly clock: Clock;
  readonly random: Random;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const AUTHORITY_DAYS = 3650;
const BACKDATED_MS = 5 * 60_000;
const DAY_MS = 24 * 60 * 60_000;

export function nodeBearer(node: NodeName): Bearer {
  const alternativeName = { type: 'url', value: nodeUri(node) } as const;
  // Of no meaning, and 64 characters at most; a node's name may be longer.
  return { commonName: 'berth node', alternativeName, purpose: 'client' };
}

export const HUB_BEARER: Bearer = {
  commonName: HUB_NAME,
  alternativeName: { type: 'dns', value: HUB_NAME },
  purpose: 'server',
};

export async function makeAuthority(components: AuthorityComponents): Promise<AuthorityKeys> {
  const { clock, random } = components;
  const keys = await newKeys();
  const id = random.id();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(id),
    // Its own name each time: two authorities are never taken for one.
    name: `CN=berth ${id}`,
    ...dates(clock, { days: AUTHORITY_DAYS }),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: pem(certificate), key: await keyPem(keys.privateKey) };
}

export async function openAuthority(
  { certificate, key }: AuthorityKeys,
  { clock, random }: AuthorityComponents,
): Promise<Authority> {
  const own = new x509.X509Certificate(certificate);
  const signingKey = await webcrypto.subtle.importKey(
    'pkcs8',
    x509.PemConverter.decodeFirst(key),
    ALGORITHM,
    false,
    ['sign'],
  );
  return {
    certificate,
    async issue({ commonName, alternativeName, purpose }, validity) {
      const keys = await newKeys();
      const use = purpose === 'server' ? 'serverAuth' : 'clientAuth';
      const issued = await x509.X509CertificateGenerator.create({
        serialNumber: serial(random.id()),
        subject: `CN=${commonName}`,
        issuer: own.subjectName,
        ...dates(clock, validity),
        publicKey: keys.publicKey,
        signingKey,
        signingAlgorithm: ALGORITHM,
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
          new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage[use]], true),
          new x509.SubjectAlternativeNameExtension([alternativeName]),
          await x509.AuthorityKeyIdentifierExtension.create(own.publicKey),
        ],
      });
      return { ca: certificate, certificate: pem(issued), key: await keyPem(keys.privateKey) };
    },
  };
}

function newKeys() {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

/** Positive, as it must be. */
function serial(id: string): string {
  return `01${id.replaceAll('-', '')}`;
}

function dates(
  clock: Clock,
  { fromMs = clock.nowMs() - BACKDATED_MS, days }: Validity,
): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(fromMs), notAfter: new Date(fromMs + days * DAY_MS) };
}

function pem(certificate: x509.X509Certificate): string {
  return `${certificate.toString('pem')}\n`;
}

async function keyPem(key: webcrypto.CryptoKey): Promise<string> {
  const bytes = await webcrypto.subtle.exportKey('pkcs8', key);
  return `${x509.PemConverter.encode(bytes, 'PRIVATE KEY')}\n`;
}
