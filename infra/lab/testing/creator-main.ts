/**
 * A process that creates a lab and never destroys it, for the tests of what happens when the
 * creator dies: `node creator-main.ts LAB_ID`. Says `built` once the lab is there, with a pod and a
 * process.
 */
import { systemClock } from '../../../services/runtime/clock.ts';
import { systemRandom } from '../../../services/runtime/random.ts';
import { createLab } from '../lab.ts';

const [id = ''] = process.argv.slice(2);
const lab = await createLab({ id }, { clock: systemClock(), random: systemRandom() });
await lab.startProcess(lab.control, {
  command: 'sleep',
  args: ['1000'],
  logFile: `${lab.runDir}/sleep.log`,
});
const pod = await lab.createPod({ uid: 'u1', node: 'n1', viaAgent: false });
const { address, port } = lab.outside;
await lab.traffic.connect({ pod, to: { address, port } }).established;
process.stdout.write('built\n');
