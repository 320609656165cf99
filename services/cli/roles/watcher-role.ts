/** The watcher as a role: what its source says becomes observations in the log. */
import { manifestsSource } from '../../ports/source/manifests.ts';
import type { Source } from '../../ports/source/port.ts';
import { recordingSource } from '../../ports/source/recording.ts';
import type { Clock } from '../../runtime/clock.ts';
import { createRefusedInput } from '../../watcher/refused-input.ts';
import { watcherFunction } from '../../watcher/watcher.ts';
import { exposeWatcher } from '../../watcher/watcher-metrics.ts';
import type { Role, RoleComponents } from './role.ts';

export interface WatcherRoleInit {
  readonly source: { readonly kind: 'manifests' | 'recording'; readonly path: string };
}

export function watcherRole(init: WatcherRoleInit, components: RoleComponents): Role {
  const { metrics, clock } = components;
  exposeWatcher(metrics, components);
  const source = createSource(init, clock);
  const { add: onProblem, speaker } = createRefusedInput();
  let hasReadToEnd = false;
  const onReadToEnd = (): void => {
    hasReadToEnd = true;
  };
  return {
    functions: [watcherFunction({ onProblem, onReadToEnd }, { ...components, source })],
    isReady: () => hasReadToEnd,
    speaker,
    adapters: { source: source.kind },
  };
}

function createSource({ source }: WatcherRoleInit, clock: Clock): Source {
  return source.kind === 'manifests'
    ? manifestsSource({ dir: source.path }, { clock })
    : recordingSource({ path: source.path, follow: true }, { clock });
}
