/**
 * The few lines that the set-up says. To stderr, so that stdout is the target's alone
 * (`npm run -s berth -- ... --output json | jq`).
 */
const PROGRESS_EVERY_MS = 10_000;

export function say(line) {
  process.stderr.write(`${line}\n`);
}

export function fail(message) {
  say(`error: ${message}`);
  process.exit(1);
}

/** Says `line`, then how long it has taken so far; answers a function that ends it. */
export function sayProgress(line) {
  const started = performance.now();
  const seconds = () => Math.round((performance.now() - started) / 1000);
  say(line);
  const timer = setInterval(() => say(`  ... ${seconds()} s`), PROGRESS_EVERY_MS);
  return () => clearInterval(timer);
}
