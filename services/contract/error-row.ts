/** What a row of the error table says, and the exit codes that commands end with. */
export interface ErrorRow {
  readonly message: string;
  readonly retry: 'never' | 'backoff' | 'refetch';
  readonly exit: number;
  readonly hint: string;
}

/** What was checked does not hold. */
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;
export const EXIT_INPUT = 3;
export const EXIT_ENVIRONMENT = 4;
export const EXIT_UNAVAILABLE = 5;
export const EXIT_INTERNAL = 70;

export function row(retry: ErrorRow['retry'], exit: number, message: string, hint = ''): ErrorRow {
  return { message, retry, exit, hint };
}
