/**
 * docs/rfc-compliance.md from the requirements, and what is wrong with them: a demand without an
 * answer, a yes without a test, a test that the runner does not list. Pure.
 */
import { type Named, type Proof, type Requirement, type Rfc, SUITES } from './requirement.ts';

/** Full names of the tests of a file, as the runner lists them. */
export type TestsOf = (file: string) => ReadonlySet<string>;

export function faultsOf(
  rfcs: readonly Rfc[],
  checklist: Readonly<Record<number, readonly string[]>>,
  testsOf: TestsOf,
): readonly string[] {
  const wanted = Object.entries(checklist).flatMap(([rfc, numbers]) =>
    numbers.map((number) => `RFC ${rfc}, ${number}`),
  );
  const answered = rfcs.flatMap(({ rfc, requirements }) =>
    requirements.map(({ number }) => `RFC ${rfc}, ${number}`),
  );
  return [
    ...wanted.filter((name) => !answered.includes(name)).map((name) => `${name}: no answer`),
    ...answered
      .filter((name, at) => !wanted.includes(name) || answered.indexOf(name) !== at)
      .map((name) => `${name}: unknown, or answered twice`),
    ...rfcs.flatMap(({ rfc, requirements }) =>
      requirements.flatMap((each) => faultsIn(`RFC ${rfc}, ${each.number}`, each, testsOf)),
    ),
  ];
}

function faultsIn(name: string, { proof, reason }: Requirement, testsOf: TestsOf): string[] {
  if (reason === '') return [`${name}: no reason`];
  if (proof === 'absent') return [];
  if (proof.length === 0) return [`${name}: neither a test, nor 'absent'`];
  return proof.flatMap(({ suite, name: test }) =>
    SUITES[suite]
      .filter(([file, prefix]) => !testsOf(file).has(`${prefix}${test}`))
      .map(([file]) => `${name}: ${file} has no test "${test}"`),
  );
}

export function rfcPage(rfcs: readonly Rfc[]): string {
  return `# RFC compliance

What the datapath (direct and flexible ports; TCP, UDP and ICMP over IPv4) answers to the NAT RFCs.
Made from \`test/rfc/\` by \`npm run gen:rfc\`. \`npm run check\` refuses it when a demand has no
answer, and when a test that is named here is not in the test runner's list. Demands are summaries.

\`yes\`: as demanded. \`differs\`: something else, on purpose. \`later issue\`: not built.
\`not applicable\`: the demand has no object here. A test is named by its suite and its full name
there, as the runner shows it; *absent*: what the demand is about does not exist here, so a test
could find nothing.

${summaryOf(rfcs)}

| suite | file |
|---|---|
${Object.entries(SUITES)
  .map(([suite, places]) => `| ${suite} | ${places.map(([file]) => `\`${file}\``).join(', ')} |`)
  .join('\n')}
${rfcs.map(sectionOf).join('')}`;
}

function summaryOf(rfcs: readonly Rfc[]): string {
  const counts = new Map<string, number>();
  for (const { verdict } of rfcs.flatMap(({ requirements }) => requirements)) {
    counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
  }
  return `${[...counts].map(([verdict, count]) => `${count} ${verdict}`).join(', ')}.`;
}

function sectionOf({ rfc, title, requirements }: Rfc): string {
  const rows = requirements.map(
    ({ number, demand, verdict, reason, proof }) =>
      `| ${number} | ${demand} | ${verdict} | ${reason} | ${proofText(proof)} |`,
  );
  const head = '| | demand | verdict | reason | proof |\n|---|---|---|---|---|';
  return `\n## RFC ${rfc}: ${title}\n\n${head}\n${rows.join('\n')}\n`;
}

function proofText(proof: Proof): string {
  if (proof === 'absent') return '*absent*';
  const bySuite = new Map<string, Named[]>();
  for (const each of proof) bySuite.set(each.suite, [...(bySuite.get(each.suite) ?? []), each]);
  return [...bySuite]
    .map(([suite, tests]) => `${suite}: ${tests.map(({ name }) => `"${name}"`).join(', ')}`)
    .join('; ');
}
