/** libberth's results: what is below zero is -errno. */
import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';

export const { E2BIG, EINVAL, ENETDOWN, ENODEV, ENOENT, ENOSPC, ENOLINK, EPERM, EPROTO } =
  constants.errno;

export function isErrno(result: number, errno: number): boolean {
  return result === -errno;
}

export function errnoName(result: number): string {
  return result < 0 ? getSystemErrorName(result) : `${result}`;
}
