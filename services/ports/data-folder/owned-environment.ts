/**
 * An environment that one process owns, from opening to closing: what the adapters open whose
 * state is partly in memory, so that two of them at once would destroy each other's work.
 */
import { type Environment, openEnvironment } from './environment.ts';
import { takeOwnership } from './owner.ts';

export interface OwnedEnvironment {
  readonly environment: Environment;
  /** All that was written is on the disk before another process can own it. */
  close(): Promise<void>;
}

/** Calls `prepare` as the owner; what it throws closes the environment again. */
export async function openOwned<T>(
  path: string,
  prepare: (owned: OwnedEnvironment) => T,
): Promise<T> {
  const environment = openEnvironment(path);
  let release = (): void => undefined;
  const close = async (): Promise<void> => {
    await environment.flushed;
    release();
    await environment.close();
  };
  try {
    release = takeOwnership(environment, path);
    return prepare({ environment, close });
  } catch (error) {
    await close();
    throw error;
  }
}
