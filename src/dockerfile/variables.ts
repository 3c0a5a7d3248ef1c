/** A reference to a build argument or an environment variable. Dockerfile reference, "Environment replacement". */
const reference = /\\[\\$]|\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?::?([-+?])([^{}]*))?\})/g;

export interface Expanded {
  readonly text: string;
  /** The first variable without a value. */
  readonly missing?: string;
}

/** Replaces `$NAME`, `${NAME}`, `${NAME:-word}` and `${NAME:+word}`; a variable without a value becomes `unknown`. */
export function expand(written: string, values: ReadonlyMap<string, string>, unknown = ''): Expanded {
  if (!written.includes('$')) return { text: written };
  let missing: string | undefined;
  const replace = (text: string): string =>
    text.replace(
      reference,
      (
        all: string,
        bare: string | undefined,
        braced: string | undefined,
        operator: string | undefined,
        word: string | undefined,
      ) => {
        const name = bare ?? braced;
        if (name === undefined) return all;
        const value = values.get(name);
        const isSet = value !== undefined && value !== '';
        if (operator === '-') return isSet ? value : replace(word ?? '');
        if (operator === '+') return isSet ? replace(word ?? '') : '';
        if (value === undefined) missing ??= name;
        return value ?? unknown;
      },
    );
  const text = replace(written);
  return missing === undefined ? { text } : { text, missing };
}

/** Names of the variables that a text refers to. */
export function variablesIn(text: string): string[] {
  const out: string[] = [];
  for (const found of text.matchAll(reference)) {
    const name = found[1] ?? found[2];
    if (name !== undefined) out.push(name);
  }
  return out;
}
