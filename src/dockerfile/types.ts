/** Zero-based; characters are UTF-16 code units, as in the Language Server Protocol. */
export interface TextPosition {
  readonly line: number;
  readonly character: number;
}

export interface TextRange {
  readonly start: TextPosition;
  readonly end: TextPosition;
}

export interface TextEdit {
  readonly range: TextRange;
  readonly newText: string;
}

export interface Fix {
  readonly title: string;
  readonly edits: readonly TextEdit[];
  /** The built image stays the same. */
  readonly safe: boolean;
}

export type RuleSeverity = 'error' | 'warning' | 'information' | 'hint';

export interface Violation {
  readonly range: TextRange;
  readonly message: string;
  readonly fixes?: readonly Fix[];
}

/** A violation as reported: with the rule it breaks. */
export interface ReportedViolation extends Violation {
  readonly rule: string;
  readonly aliases: readonly string[];
  readonly severity: RuleSeverity;
  readonly docs: string;
  readonly why: string;
}
