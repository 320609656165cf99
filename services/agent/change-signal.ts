/** Something changed: whoever waits for a condition looks again. */
export interface ChangeSignal {
  raise(): void;
  /**
   * Waits until `isSo`, looked at now and after each change; false when the signal was aborted
   * first.
   */
  until(isSo: () => boolean, signal: AbortSignal): Promise<boolean>;
}

export function createChangeSignal(): ChangeSignal {
  const looks = new Set<() => void>();
  return {
    raise() {
      for (const look of [...looks]) look();
    },
    until(isSo, signal) {
      return new Promise((resolve, reject) => {
        const settle = (call: () => void): void => {
          looks.delete(look);
          signal.removeEventListener('abort', look);
          call();
        };
        const look = (): void => {
          try {
            if (isSo()) settle(() => resolve(true));
            else if (signal.aborted) settle(() => resolve(false));
          } catch (error) {
            settle(() => reject(error));
          }
        };
        looks.add(look);
        signal.addEventListener('abort', look);
        look();
      });
    },
  };
}
