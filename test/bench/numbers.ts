/** Numbers as people read them: 1,000,000. */

export function grouped(value: number, decimals = 0): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: decimals });
}
