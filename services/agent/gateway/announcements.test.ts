/** What is announced is said again at its times, while it is owned, and never after the stop. */
import { expect, it } from 'vitest';
import { type IpAddress, parseIp } from '../../contract/ip-address.ts';
import type { Clock } from '../../runtime/clock.ts';
import { createAnnouncements } from './announcements.ts';

const [A, B] = [parseIp('203.0.113.16'), parseIp('203.0.113.17')] as const;

function said() {
  const due: { readonly ms: number; readonly work: () => void }[] = [];
  const owned = new Set<IpAddress>([A, B]);
  const heard: (readonly IpAddress[])[] = [];
  const clock: Clock = {
    nowMs: () => 0,
    sleep: async () => undefined,
    after(ms, work) {
      const timer = { ms, work };
      due.push(timer);
      return () => {
        if (due.includes(timer)) due.splice(due.indexOf(timer), 1);
      };
    },
  };
  const announcements = createAnnouncements({
    clock,
    isOwned: (address) => owned.has(address),
    send: (addresses) => heard.push(addresses),
  });
  const passAll = (): void => {
    for (const { work } of due.splice(0).sort((a, b) => a.ms - b.ms)) work();
  };
  return { announcements, owned, heard, due, passAll };
}

it('an address is said at once and again, once later than hosts lock an entry (1 s)', () => {
  const { announcements, heard, due, passAll } = said();
  announcements.announce([A, B]);
  expect(heard).toEqual([[A, B]]);
  expect(Math.max(...due.map(({ ms }) => ms))).toBeGreaterThan(1_000);
  const times = due.length;
  passAll();
  expect(heard).toEqual(Array.from({ length: 1 + times }, () => [A, B]));
});

it('what is not owned any more is not said again', () => {
  const { announcements, owned, heard, passAll } = said();
  announcements.announce([A, B]);
  owned.delete(B);
  passAll();
  expect(heard.slice(1).flat()).not.toContain(B);
  expect(heard.slice(1).flat()).toContain(A);
});

it('after the stop nothing is said, and nothing of nobody either', () => {
  const { announcements, heard, due, passAll } = said();
  announcements.announce([]);
  expect([heard, due]).toEqual([[], []]);
  announcements.announce([A]);
  announcements.stop();
  passAll();
  expect(heard).toEqual([[A]]);
});
