/** Each question for the gateways gets one answer, in time. */
import { describe, expect, it } from 'vitest';
import { manualClock } from '../../test/simulation/manual-clock.ts';
import { isAtLeast, type Version } from '../contract/version.ts';
import { createGatewayWaits } from './gateway-waits.ts';

function waiting(at: Version = {}) {
  const clock = manualClock();
  const gateways = { at };
  const inForce = (version: Version): boolean => isAtLeast(gateways.at, version);
  const waits = createGatewayWaits({ boundMs: 1000 }, { clock, inForce });
  const answers: [string, boolean][] = [];
  const ask = (name: string, version: Version, by: object = {}): void =>
    waits.ask(by, version, (yes) => answers.push([name, yes]));
  return { clock, gateways, waits, answers, ask };
}

describe('questions for the gateways', () => {
  it('are answered at once where the version is in force', () => {
    const { answers, ask, clock } = waiting({ 0: 5 });
    ask('a', { 0: 5 });
    expect(answers).toEqual([['a', true]]);
    expect(clock.waiting()).toBe(0);
  });

  it('are answered as soon as it is, each for its own version', () => {
    const { answers, ask, gateways, waits } = waiting();
    ask('a', { 0: 5 });
    ask('b', { 0: 6 });
    gateways.at = { 0: 5 };
    waits.look();
    expect(answers).toEqual([['a', true]]);
  });

  it('are answered with no after the bound, and never twice', () => {
    const { answers, ask, clock, gateways, waits } = waiting();
    ask('a', { 0: 5 });
    clock.advance(999);
    expect(answers).toEqual([]);
    clock.advance(1);
    gateways.at = { 0: 5 };
    waits.look();
    expect(answers).toEqual([['a', false]]);
  });

  it('are forgotten with the link that asked them, and no other', () => {
    const { answers, ask, clock, waits } = waiting();
    const link = {};
    ask('a', { 0: 5 }, link);
    ask('b', { 0: 5 });
    waits.drop(link);
    expect(clock.waiting()).toBe(1);
    clock.advance(1000);
    expect(answers).toEqual([['b', false]]);
  });
});
