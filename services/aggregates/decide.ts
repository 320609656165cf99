/** Answers what is open in an aggregate, whichever kind it is; null when nothing can be. */
import type { Decision } from '../contract/records.ts';
import { decideNamespace } from './namespace/decide.ts';
import { decidePools } from './pools/decide.ts';
import { decideTarget } from './target/decide.ts';
import type { AggregateState } from './world.ts';

export function decide(state: AggregateState): Decision | null {
  switch (state.kind) {
    case 'namespace':
      return decideNamespace(state);
    case 'pools':
      return decidePools(state);
    case 'target':
      return decideTarget(state);
    case 'fences':
    case 'log':
      return null;
  }
}
