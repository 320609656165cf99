/**
 * Keys of heartbeats. Each gateway has an X25519 pair; the hub passes the public halves on, and
 * each two gateways derive one key that nobody else can: no secret is in the log, on the link or at
 * the hub, and a gateway can speak for itself alone.
 */
import {
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from 'node:crypto';
import type { NodeName } from '../../contract/identity.ts';

export interface KeyPair {
  readonly privateKey: KeyObject;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
}

const PURPOSE = 'berth heartbeat v1';
const KEY_BYTES = 32;

export function createKeyPair(): KeyPair {
  return pairOf(generateKeyPairSync('x25519').privateKey);
}

/** PKCS #8, base64. @throws where it is none */
export function readKeyPair(text: string): KeyPair {
  const key = Buffer.from(text, 'base64');
  return pairOf(createPrivateKey({ key, format: 'der', type: 'pkcs8' }));
}

export function keyPairText({ privateKey }: KeyPair): string {
  return privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
}

/** The same for both ends; null where `publicKey` is none. */
export function sharedKey(
  own: KeyPair,
  publicKey: Uint8Array,
  ends: readonly [NodeName, NodeName],
): KeyObject | null {
  try {
    const x = Buffer.from(publicKey).toString('base64url');
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x }, format: 'jwk' });
    const secret = diffieHellman({ privateKey: own.privateKey, publicKey: key });
    const names = [...ends].sort().join('\n');
    return createSecretKey(Buffer.from(hkdfSync('sha256', secret, names, PURPOSE, KEY_BYTES)));
  } catch {
    return null;
  }
}

function pairOf(privateKey: KeyObject): KeyPair {
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  return { privateKey, publicKey: new Uint8Array(Buffer.from(x, 'base64url')) };
}
