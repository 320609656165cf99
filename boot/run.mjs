/**
 * Child processes of the set-up and of the target: signals pass on to the child, and an act's
 * output is kept back and shown only when it fails.
 */
import { spawn } from 'node:child_process';
import { sayProgress } from './say.mjs';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const OUTPUT_KEPT_MAX = 8_000;

/** Runs to the end. Answers the exit code, 128 + n when signal n ended it, as a shell does. */
export function run(command, args, options, onStart = () => {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, options);
    // Ctrl-C reaches the whole terminal group: the child has it already, and may take its time.
    const passOn = (signal) => {
      if (!(signal === 'SIGINT' && process.stdin.isTTY)) child.kill(signal);
    };
    for (const signal of SIGNALS) process.on(signal, passOn);
    const done = (settle) => {
      for (const signal of SIGNALS) process.off(signal, passOn);
      settle();
    };
    child.on('error', (error) => done(() => reject(error)));
    child.on('close', (code, signal) =>
      done(() => resolve(code ?? 128 + (signalNumbers[signal] ?? 0))),
    );
    onStart(child);
  });
}

/** Runs one act of the set-up. Answers null, or what it printed last when it failed. */
export async function act(line, command, args, env = {}) {
  const end = sayProgress(line);
  let kept = '';
  const keep = (chunk) => {
    kept = (kept + chunk).slice(-OUTPUT_KEPT_MAX);
  };
  const options = { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } };
  try {
    const code = await run(command, args, options, (child) => {
      child.stdout.on('data', keep);
      child.stderr.on('data', keep);
    });
    if (code > 128) process.exit(code);
    return code === 0 ? null : kept.trim();
  } catch (error) {
    return error.message;
  } finally {
    end();
  }
}

const { signals: signalNumbers } = (await import('node:os')).constants;
