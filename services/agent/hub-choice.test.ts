/** Which hub an agent tries next. */
import { expect, it } from 'vitest';
import { createDice } from '../../test/simulation/dice.ts';
import { manualClock } from '../../test/simulation/manual-clock.ts';
import { createHubChoice, type HubChoice } from './hub-choice.ts';

const HUBS = ['a:1', 'b:1', 'c:1'];

const clock = manualClock();
const itself = async (host: string) => [host];

async function several(choice: HubChoice, count: number): Promise<string[]> {
  const chosen: string[] = [];
  for (let i = 0; i < count; i++) chosen.push(await choice.next());
  return chosen;
}

it('tries each hub once before any of them again', async () => {
  const choice = createHubChoice(HUBS, { clock, random: createDice(1), resolve: itself });
  for (let round = 0; round < 5; round++) {
    expect((await several(choice, 3)).sort()).toEqual(HUBS);
    expect(choice.roundIsOver()).toBe(true);
  }
});

it('is by chance, so that agents spread over the hubs', async () => {
  const firsts = new Map<string, number>();
  for (let agent = 0; agent < 90; agent++) {
    const choice = createHubChoice(HUBS, { clock, random: createDice(agent), resolve: itself });
    const first = await choice.next();
    firsts.set(first, (firsts.get(first) ?? 0) + 1);
  }
  for (const hub of HUBS) expect(firsts.get(hub)).toBeGreaterThan(20);
});

it('leaves the hub that was lost for the last', async () => {
  for (let start = 0; start < 9; start++) {
    const choice = createHubChoice(HUBS, { clock, random: createDice(start), resolve: itself });
    const lost = await choice.next();
    choice.served();
    expect((await several(choice, 3)).at(-1)).toBe(lost);
  }
});

it('tries every address of a name, and what the name stands for then', async () => {
  let addresses = ['192.0.2.1', '2001:db8::1'];
  const resolve = async (host: string) => (host === 'hubs.example' ? addresses : [host]);
  const choice = createHubChoice(['hubs.example:7443', '192.0.2.9:7'], {
    clock,
    random: createDice(1),
    resolve,
  });
  const all = ['192.0.2.1:7443', '192.0.2.9:7', '[2001:db8::1]:7443'];
  expect((await several(choice, 3)).sort()).toEqual(all);
  addresses = ['192.0.2.2'];
  expect((await several(choice, 2)).sort()).toEqual(['192.0.2.2:7443', '192.0.2.9:7']);
});

it('leaves a name that is not known, or not in time, to whoever connects', async () => {
  const never = new Promise<string[]>(() => undefined);
  const resolve = (host: string) => (host === 'slow' ? never : Promise.reject(new Error('no')));
  const choice = createHubChoice(['slow:1', 'unknown:1'], {
    clock,
    random: createDice(1),
    resolve,
  });
  const first = choice.next();
  await Promise.resolve();
  clock.advance(1000);
  expect([await first, await choice.next()].sort()).toEqual(['slow:1', 'unknown:1']);
});

it('knows the one hub that there is', async () => {
  const choice = createHubChoice(['[::1]:7443'], { clock, random: createDice(1), resolve: itself });
  expect(await several(choice, 2)).toEqual(['[::1]:7443', '[::1]:7443']);
});
