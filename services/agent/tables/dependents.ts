/** Which owners were compiled with the help of which other resources, both ways round. */
export interface Dependents {
  /** All that the owner depends on now. */
  set(owner: string, dependsOn: readonly string[]): void;
  of(key: string): Iterable<string>;
}

export function createDependents(): Dependents {
  const dependsOn = new Map<string, readonly string[]>();
  const dependents = new Map<string, Set<string>>();

  return {
    set(owner, keys) {
      for (const key of dependsOn.get(owner) ?? []) {
        const owners = dependents.get(key);
        owners?.delete(owner);
        if (owners?.size === 0) dependents.delete(key);
      }
      for (const key of keys) dependents.set(key, (dependents.get(key) ?? new Set()).add(owner));
      if (keys.length === 0) dependsOn.delete(owner);
      else dependsOn.set(owner, keys);
    },
    of: (key) => dependents.get(key) ?? [],
  };
}
