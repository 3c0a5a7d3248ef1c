/** Stands for a value that may be a secret. */
export const mask = '***';

const secretName =
  /(?:secret|passw(?:or)?d|passwd|pwd|passphrase|token|api_?key|access_?key|account_?key|private_?key|client_?key|signing_?key|encryption_?key|credential|connection_?string|conn_?str|auth(?!or)|sas(?:$|_)|_pass$|^pass$|dsn$)/i;
/** Names that speak of secrets and hold a place instead. */
const placeName = /_(?:FILE|PATH|DIR|DIRECTORY|HOST|PORT|TYPE|TTL|EXPIRY|ENABLED|NAME)$/i;

/** True when a variable of this name probably holds a secret. */
export function looksSecret(name: string): boolean {
  return secretName.test(name) && !placeName.test(name) && !/^(?:OLD)?PWD$/.test(name);
}

/** Shapes of credentials that are recognised without a name. */
const shapes: readonly RegExp[] = [
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, // AWS access key id
  /\b(?:gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_[A-Za-z0-9_]{20,255})\b/g, // GitHub
  /\bglpat-[A-Za-z0-9_-]{20,200}/g, // GitLab
  /\bnpm_[A-Za-z0-9]{36}\b/g, // npm
  /\bxox[abeoprs]-[A-Za-z0-9-]{10,200}/g, // Slack
  /\b[A-Za-z0-9_~.-]{3}[78]Q~[A-Za-z0-9_~.-]{31,34}/g, // Entra client secret
  /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^-]{0,20000}(?:-----END [A-Z ]{0,30}PRIVATE KEY-----)?/g,
];

/** JWT, RFC 7519; words with hyphens may stand before it. */
const jwt = /(?<![\w-])([\w-]{12,})(\.[\w-]{4,4000}\.[\w-]{0,2000})/g;

/**
 * Name and what parts it from its value, as in shells, connection strings, JSON and URLs. Each word is tried once, from
 * its start, and values are looked at behind names that speak of secrets alone: `--env=PASSWORD=x` has two names.
 */
const assigned = /(["']?)(?<![\w.-])[-.\d]*([A-Za-z_][\w.-]*)\1(?:\s*:\s*|=)/g;
const assignedValue = /"(?:[^"\\]|\\.){0,4000}"|'[^']{0,4000}'|[^\s"';&|,)}]{1,4000}/y;
const option = /(--?[A-Za-z][\w-]{0,60})([ \t]+)("(?:[^"\\]|\\.){0,4000}"|'[^']{0,4000}'|[^\s"'-][^\s"']{0,4000})/g;
const headerValue = /\b((?:proxy-)?authorization|x-api-key)(["']?\s*[:=]\s*["']?)([^\s"']+(?:[ \t]+[^\s"']+)?)/gi;
const userInfo = /(\b[a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/@"']{1,500}@/gi;

/**
 * The text with values hidden that look like credentials. References to variables stay. Whoever compares a command with
 * the Dockerfile it came from hides the same in both.
 */
export function maskCredentials(text: string): string {
  let out = text.replace(userInfo, `$1${mask}@`);
  out = out.replace(headerValue, (whole, name: string, between: string, value: string) =>
    isReference(value) ? whole : `${name}${between}${mask}`,
  );
  out = maskAssigned(out);
  out = out.replace(option, (whole, name: string, between: string, value: string) =>
    looksSecret(name.replace(/^-+/, '').replaceAll('-', '_')) && !isReference(value)
      ? `${name}${between}${mask}`
      : whole,
  );
  out = out.replace(jwt, (whole, first: string) => {
    const at = first.search(/\bey[\w-]{10}/);
    return at < 0 ? whole : first.slice(0, at) + mask;
  });
  for (const shape of shapes) out = out.replace(shape, mask);
  return out;
}

function maskAssigned(text: string): string {
  let out = '';
  let done = 0;
  assigned.lastIndex = 0;
  for (let found = assigned.exec(text); found !== null; found = assigned.exec(text)) {
    if (!looksSecret(found[2] ?? '')) continue;
    assignedValue.lastIndex = assigned.lastIndex;
    const value = assignedValue.exec(text)?.[0];
    if (value === undefined || isReference(value)) continue;
    out += text.slice(done, assigned.lastIndex) + mask;
    done = assigned.lastIndex += value.length;
  }
  return out + text.slice(done);
}

/** `$TOKEN`, `"${TOKEN}"`, `$(cat /run/secrets/x)`: the value is not here. */
function isReference(value: string): boolean {
  return /^["']?(?:Bearer |Basic |token )?(?:\$|%[A-Za-z_]+%|<|\*{3})/i.test(value);
}

/** Variables whose values say how the software is laid out and nothing else. */
const harmlessName =
  /^(?:PATH|HOME|LANG|LANGUAGE|LC_[A-Z]+|TZ|TERM|SHELL|USER|DEBIAN_FRONTEND|NODE_ENV|PYTHONUNBUFFERED|PYTHONDONTWRITEBYTECODE|ASPNETCORE_(?:HTTP_)?PORTS|ASPNETCORE_ENVIRONMENT|DOTNET_RUNNING_IN_CONTAINER|GOPATH|GOROOT|JAVA_HOME|APP_UID)$/;
const versionName = /^[A-Z][A-Z0-9_]*_VERSION$/;
const versionValue = /^[A-Za-z]{0,16}[-_]?\d[\w.+~:-]{0,63}$/;

/** `NAME=value` of an image: the value only where it is known to be harmless, else `NAME=`. */
export function maskEnvironment(entry: string): string {
  const equals = entry.indexOf('=');
  if (equals < 0) return entry;
  const name = entry.slice(0, equals);
  const value = entry.slice(equals + 1);
  const shown = harmlessName.test(name) || (versionName.test(name) && !looksSecret(name) && versionValue.test(value));
  return shown ? `${name}=${maskCredentials(value)}` : `${name}=`;
}
