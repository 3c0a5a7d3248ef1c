import type { AuthChallenge } from './types.ts';

const longestHeader = 8192;
/** A parameter: name, "=", quoted string or token. RFC 9110, 5.6.6. */
const parameter = /([A-Za-z0-9!#$%&'*+.^_`|~-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s",]*))/y;
const scheme = /([A-Za-z0-9!#$%&'*+.^_`|~-]+)(?=[ \t]|,|$)/y;
const between = /[ \t,]*/y;

/**
 * Reads `WWW-Authenticate`: the Bearer challenge if there is one, else the Basic one; undefined when neither can be
 * read. RFC 9110, 11.6.1; distribution "Token Authentication Specification".
 */
export function parseChallenge(header: string | undefined): AuthChallenge | undefined {
  if (header === undefined || header.length > longestHeader) return undefined;
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  let at = 0;
  while (at < header.length) {
    between.lastIndex = at;
    between.exec(header);
    at = between.lastIndex;
    parameter.lastIndex = at;
    const found = parameter.exec(header);
    if (found !== null) {
      const name = (found[1] ?? '').toLowerCase();
      const value = found[2] === undefined ? (found[3] ?? '') : found[2].replace(/\\(.)/g, '$1');
      const current = challenges.at(-1);
      if (current !== undefined && !current.parameters.has(name)) current.parameters.set(name, value);
      at = parameter.lastIndex;
      continue;
    }
    scheme.lastIndex = at;
    const named = scheme.exec(header);
    if (named === null) break;
    challenges.push({ scheme: (named[1] ?? '').toLowerCase(), parameters: new Map() });
    at = scheme.lastIndex;
  }
  const chosen =
    challenges.find((challenge) => challenge.scheme === 'bearer') ??
    challenges.find((challenge) => challenge.scheme === 'basic');
  if (chosen === undefined) return undefined;
  const realm = chosen.parameters.get('realm');
  const service = chosen.parameters.get('service');
  const scope = chosen.parameters.get('scope');
  return {
    scheme: chosen.scheme === 'bearer' ? 'bearer' : 'basic',
    ...(realm === undefined ? {} : { realm }),
    ...(service === undefined ? {} : { service }),
    ...(scope === undefined ? {} : { scope }),
  };
}
