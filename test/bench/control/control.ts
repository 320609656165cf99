/** Starts the control process, and speaks with it. */
import { type ChildProcess, fork } from 'node:child_process';
import { resolve } from 'node:path';
import type { NodeFacts } from '../../../services/contract/objects.ts';
import type { EventRecord } from '../../../services/contract/records.ts';
import type { ControlInit, Order, Outcome, Report } from './messages.ts';

export type Look = Extract<Report, { type: 'look' }>;

export interface Control {
  readonly port: number;
  readonly startedInMs: number;
  /** Answers the append time. */
  append(records: readonly EventRecord[]): Promise<number>;
  look(): Promise<Look>;
  /** Looks again and again until it is so. */
  until(isSo: (look: Look) => boolean): Promise<Look>;
  /** What the API server would say of them. */
  nodes(nodes: readonly NodeFacts[]): Promise<void>;
  outcome(): Promise<Outcome>;
  stop(): void;
}

const MAIN = resolve(import.meta.dirname, 'control-main.ts');
const LOOK_EVERY_MS = 50;
const UNTIL_MS_MAX = 300_000;

export async function startControl(init: ControlInit): Promise<Control> {
  const child = fork(MAIN, [JSON.stringify(init)], { serialization: 'advanced' });
  const waiting: ((report: Report) => void)[] = [];
  const next = () => new Promise<Report>((done) => waiting.push(done));
  child.on('message', (report: Report) => waiting.shift()?.(report));
  const serving = next();
  const died = diedUnasked(child);
  const first = (await Promise.race([serving, died])) as Extract<Report, { type: 'serving' }>;

  async function ask<Type extends Report['type']>(order: Order) {
    const answer = next();
    child.send(order);
    return (await Promise.race([answer, died])) as Extract<Report, { type: Type }>;
  }
  const look = () => ask<'look'>({ type: 'look' });

  return {
    port: first.port,
    startedInMs: first.startedInMs,
    append: async (records) => (await ask<'appended'>({ type: 'append', records })).atMs,
    look,
    async until(isSo) {
      const started = performance.now();
      for (;;) {
        const found = await look();
        if (isSo(found)) return found;
        if (performance.now() - started > UNTIL_MS_MAX) {
          throw new Error(`it never came so far: ${JSON.stringify(found)}`);
        }
        await new Promise((done) => setTimeout(done, LOOK_EVERY_MS));
      }
    },
    async nodes(nodes) {
      await ask<'appended'>({ type: 'nodes', nodes });
    },
    outcome: () => ask<'outcome'>({ type: 'outcome' }),
    stop() {
      child.removeAllListeners('exit');
      child.kill('SIGKILL');
    },
  };
}

function diedUnasked(child: ChildProcess): Promise<never> {
  return new Promise((_, fail) => {
    child.once('exit', (code) => fail(new Error(`the control process ended with ${code}`)));
  });
}
