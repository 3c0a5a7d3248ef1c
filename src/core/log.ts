/** Values that vary in a log line. Never put a secret here; the sink redacts, but only what it can know. */
export type LogFields = Readonly<Record<string, unknown>>;

/** `event` is a constant phrase such as `manifest fetched`; `fields` carry what varies. */
export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, error: unknown, fields?: LogFields): void;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Where finished, redacted lines go: an output channel, stderr, a list in a test. */
export type LogSink = (level: LogLevel, line: string) => void;

const secretNames =
  /^(authorization|cookie|set-cookie|x-ms-authorization-auxiliary|.*(secret|password|passwd|token|assertion|kubeconfig|private-?key|client-?key|connection-?string|sas|sig(nature)?))$/i;

/** Query parameters that may be shown; the values of all others are replaced. */
const shownParameters = new Set([
  'api-version',
  '$filter',
  '$top',
  'n',
  'last',
  'orderby',
  'limit',
  'format',
  'service',
  'scope',
  'artifacttype',
  'tenant',
]);

const masked = '[redacted]';

/**
 * Removes secrets from text and fields before they are written. Three nets: values registered when a secret is obtained
 * (with their base64, base64url, URL-encoded and JSON-escaped forms), names of headers and fields, and shapes (JWT,
 * bearer headers, passwords and unknown query parameters in URLs).
 */
export class Redactor {
  readonly #values = new Set<string>();

  /** Registers a secret value. Values under six characters are ignored: replacing them would tear texts apart. */
  register(secret: string): void {
    if (secret.length < 6) return;
    const bytes = Buffer.from(secret, 'utf8');
    for (const form of [
      secret,
      encodeURIComponent(secret),
      bytes.toString('base64'),
      bytes.toString('base64url'),
      JSON.stringify(secret).slice(1, -1),
    ]) {
      this.#values.add(form);
    }
  }

  text(input: string): string {
    let out = input;
    for (const value of this.#values) if (out.includes(value)) out = out.replaceAll(value, masked);
    out = out.replace(/\bey[\w-]{8,}\.[\w-]+\.[\w-]*/g, masked);
    out = out.replace(/\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/gi, `$1 ${masked}`);
    return out.replace(/\bhttps?:\/\/[^\s"'<>)\]}]+/g, (url) => redactUrl(url));
  }

  fields(input: LogFields): Record<string, unknown> {
    const out: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(input)) out[name] = this.#field(name, value, 0);
    return out;
  }

  #field(name: string, value: unknown, depth: number): unknown {
    if (secretNames.test(name) && value !== undefined && typeof value !== 'boolean') return masked;
    if (typeof value === 'string') return this.text(value);
    if (typeof value !== 'object' || value === null) return value;
    if (depth > 4) return '[deep]';
    if (value instanceof Date) return value.toISOString();
    if (value instanceof Error) return this.text(value.message);
    if (Array.isArray(value)) return value.slice(0, 50).map((item: unknown) => this.#field(name, item, depth + 1));
    const out: Record<string, unknown> = {};
    for (const [key, inner] of Object.entries(value)) out[key] = this.#field(key, inner, depth + 1);
    return out;
  }
}

/** The URL without user info and without the values of query parameters that are not known to be harmless. */
function redactUrl(text: string): string {
  const mark = text.indexOf('?');
  const base = (mark < 0 ? text : text.slice(0, mark)).replace(/\/\/[^/@\s]*@/, `//${masked}@`);
  if (mark < 0) return base;
  const parameters = text
    .slice(mark + 1)
    .split('&')
    .map((pair) => {
      const [name = ''] = pair.split('=', 1);
      return shownParameters.has(decodeSafely(name).toLowerCase()) ? pair : `${name}=${masked}`;
    });
  return `${base}?${parameters.join('&')}`;
}

function decodeSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A log that redacts and hands finished lines to `sink`. */
export function createLog(sink: LogSink, redactor: Redactor): Log {
  const write = (level: LogLevel, event: string, fields?: LogFields): void => {
    const rest = fields === undefined ? '' : ` ${JSON.stringify(redactor.fields(fields))}`;
    sink(level, redactor.text(`${event}${rest}`));
  };
  return {
    debug: (event, fields) => write('debug', event, fields),
    info: (event, fields) => write('info', event, fields),
    warn: (event, fields) => write('warn', event, fields),
    error: (event, error, fields) => {
      const cause =
        error instanceof Error ? { message: error.message, stack: error.stack } : { message: String(error) };
      write('error', event, { ...fields, ...cause });
    },
  };
}

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
