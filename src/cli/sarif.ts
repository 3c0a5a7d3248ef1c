/** SARIF 2.1.0 (OASIS), as much of it as our results need. */
export interface SarifRule {
  readonly id: string;
  readonly name: string;
  readonly help: string;
  readonly helpUri?: string;
}

export interface SarifResult {
  readonly rule: string;
  readonly level: 'error' | 'warning' | 'note';
  readonly message: string;
  /** Relative path with forward slashes, or another URI. */
  readonly uri: string;
  /** Zero-based, as our ranges are. */
  readonly range?: {
    readonly start: { readonly line: number; readonly character: number };
    readonly end: { readonly line: number; readonly character: number };
  };
  readonly fingerprint: string;
}

export function toSarif(rules: readonly SarifRule[], results: readonly SarifResult[]): object {
  const used = rules.filter((rule) => results.some((result) => result.rule === rule.id));
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'Plimsoll',
            rules: used.map(({ id, name, help, helpUri }) => ({
              id,
              shortDescription: { text: name },
              help: { text: help },
              ...(helpUri === undefined ? {} : { helpUri }),
            })),
          },
        },
        columnKind: 'utf16CodeUnits',
        results: results.map((result) => ({
          ruleId: result.rule,
          ruleIndex: used.findIndex(({ id }) => id === result.rule),
          level: result.level,
          message: { text: result.message },
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: encodeURI(result.uri) },
                ...(result.range === undefined
                  ? {}
                  : {
                      region: {
                        startLine: result.range.start.line + 1,
                        startColumn: result.range.start.character + 1,
                        endLine: result.range.end.line + 1,
                        endColumn: result.range.end.character + 1,
                      },
                    }),
              },
            },
          ],
          partialFingerprints: { 'plimsoll/v1': result.fingerprint },
        })),
      },
    ],
  };
}
