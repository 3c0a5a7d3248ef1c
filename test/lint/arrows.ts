/**
 * Holds the dependency arrows of `docs/architecture.md`: dependency-cruiser reads every import (types included), and a
 * run that saw no modules, or missed a folder, has failed.
 */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { cruise, type ICruiseResult, type IForbiddenRuleType } from 'dependency-cruiser';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';

const root = path.resolve(import.meta.dirname, '../..');

/** Left may import right; folders in one row do not import each other. */
export const layers: readonly (readonly string[])[] = [
  ['extension.ts', 'cli.ts', 'worker.ts', 'cli'],
  ['vscode'],
  ['engine.ts', 'engine-contract.ts', 'engine'],
  ['scan'],
  ['report', 'store'],
  ['findings'],
  ['posture', 'advisories'],
  ['inventory', 'connectivity'],
  ['image', 'azure', 'kubernetes', 'dockerfile', 'versions'],
  ['registry'],
  ['core'],
];

const at = (name: string): string => (name.endsWith('.ts') ? `^src/${name.replace('.', '\\.')}$` : `^src/${name}/`);

const forbidden: IForbiddenRuleType[] = layers.flatMap((row, rank) =>
  row.map((name): IForbiddenRuleType => {
    const above = layers.slice(0, rank).flat();
    const beside = row.filter((other) => other !== name && !sameHouse(name, other));
    return {
      name: `${name} imports only what lies right of it`,
      severity: 'error',
      from: { path: at(name) },
      to: { path: [...above, ...beside].map(at) },
    };
  }),
);

/** An entry and the folder of the same name are one thing. */
function sameHouse(a: string, b: string): boolean {
  const head = (name: string): string => name.replace(/\.ts$/, '').replace(/-contract$/, '');
  return head(a) === head(b);
}

forbidden.push(
  {
    name: 'the shell sees only report, findings and the contract of the engine',
    severity: 'error',
    from: { path: '^src/vscode/' },
    to: {
      path: '^src/',
      pathNot: [
        '^src/(vscode|report|findings|core)/',
        '^src/engine-contract\\.ts$',
        '^src/azure/(input|types|clouds|sign-in-errors)\\.ts$',
        '/types\\.ts$',
      ],
    },
  },
  {
    name: 'only the edge imports the editor',
    severity: 'error',
    from: { path: '^(src|webview)/', pathNot: ['^src/vscode/', '^src/extension\\.ts$'] },
    to: { path: '^vscode$' },
  },
  {
    name: 'the page knows only the report contract',
    severity: 'error',
    from: { path: '^webview/' },
    to: { path: '^src/', pathNot: ['^src/report/', '/types\\.ts$', '^src/core/(severity|order)\\.ts$'] },
  },
  { name: 'no circles', severity: 'error', from: { path: '^(src|webview)/' }, to: { circular: true } },
  {
    name: 'product code does not import tests',
    severity: 'error',
    from: { path: '^(src|webview)/' },
    to: { path: '^test/' },
  },
  {
    name: 'Azure SDKs load lazily, through one folder',
    severity: 'error',
    from: { path: '^src/', pathNot: '^src/azure/sdk/' },
    to: { path: 'node_modules/@azure/(identity|arm-|core-rest)', dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'only the way there leads into the folder of the Azure SDKs',
    severity: 'error',
    from: { path: '^src/', pathNot: '^src/azure/sdk(\\.ts|/)' },
    to: { path: '^src/azure/sdk/', dependencyTypesNot: ['type-only'] },
  },
);

process.chdir(root);
const result = await cruise(
  ['src', 'webview'],
  {
    validate: true,
    ruleSet: { forbidden },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
    exclude: { path: '\\.css$' },
  },
  undefined,
  { tsConfig: extractTSConfig('tsconfig.json') },
);
const output = result.output as ICruiseResult;
const seen = new Set(output.modules.map((module) => module.source));
const folders = readdirSync('src', { withFileTypes: true }).filter((entry) => entry.isDirectory());
const problems: string[] = [];
for (const folder of folders) {
  if (!layers.flat().includes(folder.name)) problems.push(`src/${folder.name} stands in no layer`);
  if (![...seen].some((source) => source.startsWith(`src/${folder.name}/`)))
    problems.push(`no module of src/${folder.name} was seen`);
}
if (seen.size < 20) problems.push(`only ${seen.size} modules were seen`);
for (const { rule, from, to, cycle } of output.summary.violations) {
  problems.push(
    `${from} → ${to}: ${rule.name}${cycle === undefined ? '' : ` (${cycle.map((step) => step.name).join(' → ')})`}`,
  );
}
if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exitCode = 1;
} else {
  console.log(`${seen.size} modules, ${output.summary.totalDependenciesCruised ?? 0} arrows, all in order`);
}
