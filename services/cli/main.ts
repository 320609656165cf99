/** `berth`: folder = command. */
import { Command } from 'commander';
import { systemClock } from '../runtime/clock.ts';
import { runMain } from '../runtime/life-cycle.ts';
import { jsonLog } from '../runtime/log.ts';
import { systemRandom } from '../runtime/random.ts';
import { CERTIFICATE_OPTIONS, certificate } from './certificate/certificate.ts';
import { FENCE_OPTIONS, fence } from './fence/fence.ts';
import { logCopy } from './log-copy/log-copy.ts';
import { LOG_COPY_OPTIONS } from './log-copy/options.ts';
import { parseRunConfig, ROLE_NAMES, RUN_EXAMPLES, RUN_OPTIONS } from './run/config.ts';
import { run } from './run/run.ts';
import { parseUpConfig, UP_OPTIONS } from './up/config.ts';
import { up } from './up/up.ts';

const program = new Command('berth').description(
  'A NAT address and a block of ports for each pod: ACLs outside the cluster are written once.',
);

const upCommand = program
  .command('up')
  .description('Runs the whole pipeline but the agents in this process, on the embedded adapters.');
for (const [flags, description] of UP_OPTIONS) upCommand.option(flags, description);
upCommand.action(async (given: Record<string, unknown>) => {
  const { logFile } = given;
  const log = jsonLog({
    ...(typeof logFile === 'string' ? { file: logFile } : {}),
    fields: { process: 'control' },
  });
  await runMain((stop) => up(parseUpConfig(given), { log }, stop), { clock: systemClock(), log });
});

const runCommand = program
  .command('run')
  .description('Runs these roles in this process, on Kafka and Redis.')
  .argument('<role...>', ROLE_NAMES.join(', '))
  .addHelpText('after', RUN_EXAMPLES);
for (const [flags, description] of RUN_OPTIONS) runCommand.option(flags, description);
runCommand.action(async (roles: string[], given: Record<string, unknown>) => {
  const { logFile } = given;
  const log = jsonLog({
    ...(typeof logFile === 'string' ? { file: logFile } : {}),
    fields: { process: roles.join('+') },
  });
  const main = (stop: AbortSignal) => run(parseRunConfig(roles, given), { log }, stop);
  await runMain(main, { clock: systemClock(), log });
});

const certificateCommand = program
  .command('certificate')
  .description('Issues the certificates with which the agents of these nodes connect, or hubs.')
  .argument('<name...>', 'names of Node objects; with --hub, of hubs');
for (const [flags, description] of CERTIFICATE_OPTIONS) {
  certificateCommand.option(flags, description);
}
certificateCommand.action(async (names: string[], given: Record<string, unknown>) => {
  const clock = systemClock();
  const log = jsonLog({ fields: { process: 'certificate' } });
  await runMain(() => certificate(names, given, { clock, random: systemRandom() }), { clock, log });
});

const fenceCommand = program
  .command('fence')
  .description('States that a node forwards nothing any more, so that its blocks become free.')
  .argument('<node>', 'name of the Node object');
for (const [flags, description] of FENCE_OPTIONS) fenceCommand.option(flags, description);
fenceCommand.action(async (node: string, given: Record<string, unknown>) => {
  const clock = systemClock();
  const log = jsonLog({ fields: { process: 'fence' } });
  const { stdin: input, stdout: output, stderr: prompt } = process;
  await runMain(() => fence(node, given, { input, output, prompt }), { clock, log });
});

const copyCommand = program
  .command('log')
  .description('The log itself.')
  .command('copy')
  .description('Moves the log to another place, or to another number of partitions.');
for (const [flags, description] of LOG_COPY_OPTIONS) copyCommand.option(flags, description);
copyCommand.action(async (given: Record<string, unknown>) => {
  const clock = systemClock();
  const log = jsonLog({ fields: { process: 'log-copy' } });
  const components = { clock, random: systemRandom(), log, output: process.stdout };
  await runMain(() => logCopy(given, components), { clock, log });
});

await program.parseAsync();
