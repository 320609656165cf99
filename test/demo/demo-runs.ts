/** The demos of one test file, each in a folder of its own; whatever happened, all end with it. */
import { join } from 'node:path';
import { destroyLab } from '../../infra/lab/destroy.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { type DemoRun, startDemo } from './demo-run.ts';

export interface DemoRuns extends AsyncDisposable {
  /** Of all of them. */
  readonly path: string;
  /** `name`: of its folder; two runs may share one. */
  start(name: string, args: readonly string[], command?: readonly string[]): Promise<DemoRun>;
}

export async function demoRuns(): Promise<DemoRuns> {
  const folder = await temporaryFolder();
  const runs: DemoRun[] = [];
  return {
    path: folder.path,
    start: async (name, args, command) => {
      const run = await startDemo(join(folder.path, name), args, command);
      runs.push(run);
      return run;
    },
    [Symbol.asyncDispose]: async () => {
      for (const run of runs) {
        run.kill('SIGKILL');
        await run.exited;
        for (const lab of run.labs) await destroyLab(lab);
        await run.untilNothingIsLeft();
      }
      await folder.remove();
    },
  };
}
