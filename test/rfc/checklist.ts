/** Every demand that needs an answer, ours or not: an RFC without one of these is incomplete. */
export const CHECKLIST: Readonly<Record<number, readonly string[]>> = {
  4787: words('1 2 3 3a 4 5 5a 5b 5c 6 6a 7 8 9 9a 10 11 12 12a 12b 13 13a 14 14a', 'REQ-'),
  5382: words('1 2 2a 3 4 5 6 7 8 9 10', 'REQ-'),
  5508: words('1 1a 2 3 3a 3b 3c 3d 4 5 6 7 8 9 10 11', 'REQ-'),
  6888: words('1 2 3 4 5 6 7 8 9 10 11A 11B 11C 11D 12 13 14 15', 'REQ-'),
  7857: words('2 2.1 2.2 3 4 5 6 7 8 9 10 11 12', '§'),
  7422: words('a b c d e f g', ''),
  6056: words('3.1 3.2 3.3 4', '§'),
};

function words(list: string, prefix: string): string[] {
  return list.split(' ').map((word) => `${prefix}${word}`);
}
