/** `npm run fix`: all that the check's formatters can put right themselves. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { CLANG_FORMAT, cFiles } from './sources.ts';

const biome = spawnSync('biome', ['check', '--write'], { stdio: 'inherit' });
process.exitCode = biome.status ?? 1;

if (existsSync(CLANG_FORMAT) && cFiles().length > 0) {
  const format = spawnSync(CLANG_FORMAT, ['-i', ...cFiles()], { stdio: 'inherit' });
  if (format.status !== 0) process.exitCode = 1;
}
