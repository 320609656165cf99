/** The signature holds the reference vector of Standard Webhooks, and refuses what is no key. */
import { expect, test } from 'vitest';
import { parseSigningKeys, sign } from './signature.ts';

const VECTOR = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const MESSAGE = {
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  timestamp: 1_614_265_330,
  body: '{"test": 2432232314}',
};

test('signs the reference vector as the specification does', () => {
  expect(sign(parseSigningKeys(VECTOR) ?? [], MESSAGE)).toBe(
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  );
});

test('signs with each key while one replaces another', () => {
  const other = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
  const both = sign(parseSigningKeys(`${VECTOR}\n\n  ${other}\n`) ?? [], MESSAGE).split(' ');
  expect(both).toHaveLength(2);
  expect(both[0]).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
});

test.each([
  ['nothing', ''],
  ['no prefix', 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
  ['too short a key', `whsec_${Buffer.alloc(23).toString('base64')}`],
  ['too long a key', `whsec_${Buffer.alloc(65).toString('base64')}`],
  ['a good key beside a bad one', `${VECTOR}\nhunter2`],
])('takes %s for no key', (_, text) => {
  expect(parseSigningKeys(text)).toBeNull();
});
