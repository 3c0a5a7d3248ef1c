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
  /** Weaker than the rule's own level, where less is known. */
  readonly severity?: RuleSeverity;
  /** The stage or the earlier instruction that matters. */
  readonly related?: readonly { readonly range: TextRange; readonly message: string }[];
}

/** What is said of a rule, beside what it does. */
export interface RuleInfo {
  /** `df-` and what holds when the rule passes; never renamed. */
  readonly id: string;
  /** Names of the same rule in the field, such as `DL3006`. */
  readonly aliases: readonly string[];
  readonly title: string;
  readonly severity: RuleSeverity;
  readonly why: string;
  /** Documentation of the matter, https. */
  readonly docs: string;
}

/** A violation as reported: with the rule it breaks. */
export interface ReportedViolation extends Violation {
  readonly rule: string;
  readonly aliases: readonly string[];
  readonly severity: RuleSeverity;
  readonly docs: string;
  readonly why: string;
}
