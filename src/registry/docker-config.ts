import * as z from 'zod';
import { BadInputError } from '../core/errors.ts';
import { parseJson } from '../core/json.ts';

/** What Docker knows about an account for one registry. Every member is a secret but for user names. */
export type DockerAccount =
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  /** A refresh token, to be exchanged at the realm of the registry. */
  | { readonly kind: 'identity'; readonly token: string }
  /** Sent as it is. */
  | { readonly kind: 'bearer'; readonly token: string };

export interface DockerConfig {
  /** Name of the credential helper for a registry, without `docker-credential-`; undefined when there is none. */
  helperFor(host: string): string | undefined;
  /** The account written in the file itself. */
  accountFor(host: string): DockerAccount | undefined;
}

/** Largest configuration that is read. */
export const maxDockerConfigBytes = 1024 * 1024;

/** Under this address the configuration keeps the account for Docker Hub. */
const hubAddress = 'https://index.docker.io/v1/';
const hubHosts: ReadonlySet<string> = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io']);

const text = z.string().optional().catch(undefined);
/** Docker CLI, "Configuration files", `config.json`; docker-credential-helpers, "Configuration". */
const schema = z.object({
  auths: z
    .record(
      z.string(),
      z.object({ auth: text, username: text, password: text, identitytoken: text, registrytoken: text }).nullish(),
    )
    .nullish(),
  credsStore: z.string().nullish(),
  credHelpers: z.record(z.string(), z.string()).nullish(),
});

/** What helpers answer as user name when their secret is an identity token. docker-credential-helpers. */
export const identityTokenUser = '<token>';

/** Becomes part of a program's name: no path, no option, no shell. */
const helperName = /^[a-z0-9._-]+$/;

/** Reads `config.json` of Docker. Throws BadInputError for another form and for a helper whose name is none; DamagedError. */
export function parseDockerConfig(json: string, what: string): DockerConfig {
  const parsed = schema.safeParse(parseJson(json, what));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new BadInputError(
      `Cannot read ${what}: "${issue?.path.slice(0, 1).join('.') ?? ''}" has an unknown form`,
      'Sign in again with "docker login", or name another folder in DOCKER_CONFIG.',
    );
  }
  const { auths, credsStore, credHelpers } = parsed.data;
  const helpers = new Map<string, string>();
  for (const [address, name] of Object.entries(credHelpers ?? {})) helpers.set(hostOf(address) ?? '', name);
  return {
    helperFor(host) {
      const name = helpers.get(canonicalHost(host)) ?? credsStore ?? '';
      if (name === '') return undefined; // docker leaves an empty text where a store was taken away
      if (helperName.test(name)) return name;
      throw new BadInputError(
        `Cannot use a credential helper of ${what}: its name has other characters than a-z, 0-9, ".", "_" and "-"`,
        'Correct "credsStore" or "credHelpers".',
      );
    },
    accountFor(host) {
      const wanted = canonicalHost(host);
      for (const [address, entry] of Object.entries(auths ?? {})) {
        if (!entry || hostOf(address) !== wanted) continue;
        const account = readAccount(entry);
        if (account !== undefined) return account;
      }
      return undefined;
    },
  };
}

/** How helpers know a registry. */
export function helperAddress(host: string): string {
  return hubHosts.has(host.toLowerCase()) ? hubAddress : host.toLowerCase();
}

function canonicalHost(host: string): string {
  const lower = host.toLowerCase();
  return hubHosts.has(lower) ? 'docker.io' : lower;
}

/** The host of a key: `host`, `https://host`, `https://host/v1/`. Undefined for one that means a part of a registry only. */
function hostOf(address: string): string | undefined {
  const found = /^(?:https?:\/\/)?([^/]+)(\/.*)?$/i.exec(address);
  if (found === null || !/^\/?(?:v[12]\/?)?$/.test(found[2] ?? '')) return undefined;
  return canonicalHost(found[1] ?? '');
}

function readAccount(entry: {
  readonly auth?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly identitytoken?: string | undefined;
  readonly registrytoken?: string | undefined;
}): DockerAccount | undefined {
  if (isGiven(entry.registrytoken)) return { kind: 'bearer', token: entry.registrytoken };
  if (isGiven(entry.identitytoken)) return { kind: 'identity', token: entry.identitytoken };
  if (isGiven(entry.auth)) {
    const pair = Buffer.from(entry.auth, 'base64').toString('utf8');
    const colon = pair.indexOf(':');
    if (colon <= 0) return undefined;
    // some writers close the pair with a NUL
    return { kind: 'password', username: pair.slice(0, colon), password: pair.slice(colon + 1, endOf(pair)) };
  }
  if (!isGiven(entry.username) || entry.password === undefined) return undefined;
  return { kind: 'password', username: entry.username, password: entry.password };
}

/** Where the text ends without the NULs behind it. */
function endOf(text: string): number {
  let end = text.length;
  while (text.charCodeAt(end - 1) === 0) end--;
  return end;
}

function isGiven(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}
