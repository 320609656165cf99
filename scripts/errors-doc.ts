/**
 * Writes docs/errors.md from the error table, so that the two never differ; a test compares them.
 * Run: npm run gen:errors
 */
import { writeFileSync } from 'node:fs';
import { ERROR_TABLE } from '../services/contract/error-table.ts';

const RETRY = {
  never: 'the same call fails again',
  backoff: 'try again later',
  refetch: 'get fresh state first',
};

const rows = Object.entries(ERROR_TABLE)
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([code, { message, hint, retry, exit }]) => {
    const text = `${message} ${hint}`.trim().replaceAll('|', '\\|');
    return `| \`${code}\` | ${text} | ${RETRY[retry]} | ${exit} |`;
  });

const page = `# Errors

Every error has a stable code. \`{name}\` stands for a detail of the case. A command that ends with
an error exits with the code in the last column. Made from \`services/contract/error-table.ts\` by
\`npm run gen:errors\`.

| code | what it says | again? | exit |
|---|---|---|---|
${rows.join('\n')}
`;

writeFileSync(new URL('../docs/errors.md', import.meta.url), page);
