/** The watcher as a role: what its source says becomes observations in the log. */
import { manifestsSource } from '../../ports/source/manifests.ts';
import type { Problem, Source } from '../../ports/source/port.ts';
import { describeProblem } from '../../ports/source/problem.ts';
import { recordingSource } from '../../ports/source/recording.ts';
import type { Clock } from '../../runtime/clock.ts';
import { watcherFunction } from '../../watcher/watcher.ts';
import { exposeWatcher } from '../../watcher/watcher-metrics.ts';
import type { Role, RoleComponents } from './role.ts';

export interface WatcherRoleInit {
  readonly source: { readonly kind: 'manifests' | 'recording'; readonly path: string };
}

const PROBLEMS_KEPT = 100;

export function watcherRole(init: WatcherRoleInit, components: RoleComponents): Role {
  const { metrics, clock } = components;
  exposeWatcher(metrics, components);
  const source = createSource(init, clock);
  const problems: string[] = [];
  let problemCount = 0;
  let hasReadToEnd = false;
  const onProblem = (problem: Problem): void => {
    problemCount += 1;
    problems.push(describeProblem(problem));
    if (problems.length > PROBLEMS_KEPT) problems.shift();
  };
  const onReadToEnd = (): void => {
    hasReadToEnd = true;
  };
  return {
    functions: [watcherFunction({ onProblem, onReadToEnd }, { ...components, source })],
    isReady: () => hasReadToEnd,
    live: () => ({ source: source.kind, problems, problemCount }),
  };
}

function createSource({ source }: WatcherRoleInit, clock: Clock): Source {
  return source.kind === 'manifests'
    ? manifestsSource({ dir: source.path }, { clock })
    : recordingSource({ path: source.path, follow: true }, { clock });
}
