/**
 * The ACL server of a target in the lab: a process of its own in the target's namespace, reached by
 * the control process over the fabric, with a signing key that both are given as a file.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { berthError } from '../../services/contract/errors.ts';
import type { Clock } from '../../services/runtime/clock.ts';
import { ACL_SET, ACL_TABLE } from './acl.ts';
import { ACL_SERVER_PORT, type LabPlan, type TargetPlan } from './plan.ts';
import { type LabProcess, startInNetns } from './processes.ts';

const MAIN = fileURLToPath(new URL('../acl-server/main.ts', import.meta.url));
const KEY_BYTES = 32;
const LISTENS_WITHIN_MS = 20_000;
const LOOK_EVERY_MS = 50;

/** Null where the target has none. Answers when it listens. @throws BERTH_LAB_COMMAND */
export async function startTargetAclServer(
  plan: LabPlan,
  target: TargetPlan,
  clock: Clock,
): Promise<LabProcess | null> {
  const { name, netns, uplinkIp, aclServer } = target;
  if (aclServer === null) return null;
  await mkdir(plan.secretsDir, { recursive: true, mode: 0o700 });
  const secret = join(plan.secretsDir, aclServer.secret);
  const key = randomBytes(KEY_BYTES).toString('base64');
  await writeFile(secret, `whsec_${key}\n`, { mode: 0o600 });
  const logFile = join(plan.runDir, `acl-server-${name}.log`);
  const config = {
    host: uplinkIp,
    port: ACL_SERVER_PORT,
    target: name,
    secret,
    revision: join(plan.runDir, `acl-revision-${name}`),
    table: ACL_TABLE,
    set: ACL_SET,
  };
  const args = [MAIN, JSON.stringify(config)];
  const init = { command: process.execPath, args, logFile };
  const started = await startInNetns(plan.id, netns, init, clock);
  const until = clock.nowMs() + LISTENS_WITHIN_MS;
  while (!(await readFile(logFile, 'utf8')).includes('"listening"')) {
    if (clock.nowMs() > until) {
      const reason = `it does not listen; see ${logFile}`;
      throw berthError('BERTH_LAB_COMMAND', { command: 'acl-server', reason });
    }
    await clock.sleep(LOOK_EVERY_MS);
  }
  return started;
}
