/**
 * What a person types or pastes to connect, cleaned and checked. Pure, and without any of the Azure packages, so that
 * input boxes can call it on every key.
 */
import * as z from 'zod';
import { cloudOfEndpoint } from './clouds.ts';
import type { Cloud } from './types.ts';

export interface CleanedValue {
  readonly value: string;
  /** True when anything was taken away; the box then says so. */
  readonly removed: boolean;
}

/** Zero-width space, joiners, word joiner, byte-order mark, soft hyphen: never part of an id or a secret. */
const invisible = /[\u200b-\u200f\u2060\ufeff\u00ad]/g;

const quotePairs: Readonly<Record<string, string>> = { '"': '"', "'": "'", '`': '`', '“': '”', '‘': '’', '«': '»' };

/**
 * Takes away what copying brings along: white space around the value, invisible characters, one pair of quotes; for ids
 * also braces, and letters become small.
 */
export function cleanValue(input: string, kind: 'id' | 'secret' | 'text'): CleanedValue {
  const trimmed = input.replace(invisible, '').trim();
  let value = trimmed;
  const closing = quotePairs[value.charAt(0)];
  if (value.length >= 2 && closing !== undefined && value.endsWith(closing)) value = value.slice(1, -1).trim();
  if (kind === 'id') {
    if (value.startsWith('{') && value.endsWith('}')) value = value.slice(1, -1).trim();
    return { value: value.toLowerCase(), removed: value !== input };
  }
  return { value, removed: value !== input };
}

const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const guidLength = 36;
const guidMessage = 'That is not a complete ID. It has 36 characters, like 7f53e0a3-….';

export function isGuid(text: string): boolean {
  return guid.test(text) && !/^[0-]+$/.test(text);
}

/** What is wrong with an id; undefined when nothing is, and while it is still being typed (`final` false, not yet 36 characters). */
export function checkGuid(value: string, final: boolean): string | undefined {
  if (guid.test(value)) return /^[0-]+$/.test(value) ? 'An ID of zeros names nothing.' : undefined;
  return final || value.length >= guidLength ? guidMessage : undefined;
}

export interface Remark {
  readonly level: 'error' | 'warning' | 'info';
  readonly message: string;
}

const domain = /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/i;

/** A directory is named by its id or by a domain of it. */
export function checkTenant(value: string, final: boolean, otherIds: readonly string[] = []): Remark | undefined {
  if (domain.test(value)) return { level: 'info', message: 'This domain will be resolved to its directory.' };
  const wrong =
    value.includes('.') && final
      ? 'That is neither an ID nor a domain name.'
      : value.includes('.')
        ? undefined
        : checkGuid(value, final);
  if (wrong !== undefined) return { level: 'error', message: wrong };
  return isGuid(value) && otherIds.includes(value)
    ? { level: 'warning', message: 'Another ID that was entered is the same.' }
    : undefined;
}

export function checkClient(value: string, final: boolean, tenantId: string | undefined): Remark | undefined {
  const wrong = checkGuid(value, final);
  if (wrong !== undefined) return { level: 'error', message: wrong };
  return isGuid(value) && value === tenantId
    ? { level: 'warning', message: 'This is the tenant ID. Use the Application (client) ID.' }
    : undefined;
}

/** The portal shows a Secret ID (a GUID) beside the Value; people copy the wrong one. */
export function looksLikeSecretId(value: string): boolean {
  return guid.test(value);
}

const shortestSecret = 16;

/** An error cannot be accepted; a warning is shown once and accepted by a second Enter. */
export function checkSecret(value: string): Remark | undefined {
  if (value === '') return { level: 'error', message: 'Enter the client secret.' };
  if (looksLikeSecretId(value)) {
    return {
      level: 'warning',
      message: 'This looks like the Secret ID. Azure needs the Value, shown once when the secret was created.',
    };
  }
  if (/\s/.test(value)) return { level: 'warning', message: 'There is white space inside. Secrets have none.' };
  if (value.length < shortestSecret) {
    return { level: 'warning', message: 'This is shorter than any secret that Azure makes. Is it complete?' };
  }
  return undefined;
}

const longestName = 64;

/** A connection's name: 1 to 64 characters, not used by another one. */
export function checkName(value: string, taken: readonly string[]): string | undefined {
  const name = value.trim();
  if (name === '') return 'Enter a name.';
  if (Array.from(name).length > longestName) return 'Use at most 64 characters.';
  return taken.some((other) => other.trim().toLowerCase() === name.toLowerCase())
    ? 'Another connection has this name.'
    : undefined;
}

/** Subscription ids separated by commas, semicolons or white space. `wrong` is the first part that is none. */
export function parseSubscriptionIds(text: string): { readonly ids: readonly string[]; readonly wrong?: string } {
  const parts = text
    .split(/[\s,;]+/)
    .map((part) => cleanValue(part, 'id').value)
    .filter((part) => part !== '');
  const wrong = parts.find((part) => !isGuid(part));
  return { ids: [...new Set(parts.filter(isGuid))], ...(wrong === undefined ? {} : { wrong }) };
}

export type PrincipalField = 'tenantId' | 'clientId' | 'clientSecret';

/** What a paste held. Values are cleaned but not checked. */
export interface PastedPrincipal {
  readonly tenantId?: string;
  readonly clientId?: string;
  readonly clientSecret?: string;
  readonly subscriptionId?: string;
  readonly displayName?: string;
  readonly cloud?: Cloud['id'];
  readonly missing: readonly PrincipalField[];
  /** What was found or is missing, without the secret. */
  readonly message: string;
}

/** Larger texts are not looked at. */
const longestPaste = 64 * 1024;
const mostCandidates = 50;

/**
 * Reads the output of `az ad sp create-for-rbac`, with or without `--json-auth`, out of any surrounding text, also when
 * a terminal wrapped its lines or they were lost; and `KEY=value` lines with an `AZURE_` or `ARM_` prefix.
 * Undefined when the text holds nothing of the kind.
 */
export function parseServicePrincipal(input: string): PastedPrincipal | undefined {
  if (input.length > longestPaste) return undefined;
  const text = input.replace(invisible, '').replace(/[“”]/g, '"');
  for (const values of [...jsonObjects(text), assignments(text)]) {
    const found = pick(values);
    if (found !== undefined) return found;
  }
  return undefined;
}

type Values = ReadonlyMap<string, string>;

/** The balanced objects of a text, outermost first, in order. */
function* jsonObjects(text: string): Generator<Values> {
  let tried = 0;
  for (let at = text.indexOf('{'); at >= 0 && tried < mostCandidates; tried++) {
    const end = balancedEnd(text, at);
    const parsed = end === undefined ? undefined : parseLeniently(text.slice(at, end + 1));
    if (parsed !== undefined) yield parsed;
    at = text.indexOf('{', parsed === undefined || end === undefined ? at + 1 : end + 1);
  }
}

/** Index of the brace that closes the one at `start`; braces inside strings do not count. */
function balancedEnd(text: string, start: number): number | undefined {
  let depth = 0;
  let inString = false;
  for (let i = start; i < text.length; i++) {
    const c = text.charAt(i);
    if (inString) {
      if (c === '\\') i++;
      else if (c === '"') inString = false;
    } else if (c === '"') inString = true;
    else if (c === '{') depth++;
    else if (c === '}' && --depth === 0) return i;
  }
  return undefined;
}

const flatObject = z.record(z.string(), z.unknown());

function parseLeniently(json: string): Values | undefined {
  for (const form of [json, json.replace(/\r?\n[ \t]*|\r/g, '')]) {
    let parsed: unknown;
    try {
      parsed = JSON.parse(form);
    } catch {
      continue;
    }
    const object = flatObject.safeParse(parsed);
    if (!object.success) return undefined;
    return normalise(
      Object.entries(object.data).flatMap(([key, value]) => (typeof value === 'string' ? [[key, value]] : [])),
    );
  }
  return undefined;
}

function assignments(text: string): Values {
  const pairs: [string, string][] = [];
  for (const line of text.split(/\r?\n/).slice(0, 500)) {
    const match = /^\s*(?:export\s+|set\s+|\$env:)?((?:AZURE|ARM)_\w{2,40})\s*[=:]\s*(\S.*)$/i.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined) pairs.push([match[1], match[2].replace(/;\s*$/, '')]);
  }
  return normalise(pairs);
}

/** Keys without case, punctuation and the `AZURE_` or `ARM_` prefix; the first of equal keys counts. */
function normalise(pairs: Iterable<readonly string[]>): Values {
  const out = new Map<string, string>();
  for (const [key = '', value = ''] of pairs) {
    const name = key
      .toLowerCase()
      .replace(/^(azure|arm)_/, '')
      .replace(/[^a-z]/g, '');
    if (!out.has(name)) out.set(name, value);
  }
  return out;
}

function pick(values: Values): PastedPrincipal | undefined {
  const first = (kind: 'id' | 'secret' | 'text', ...names: string[]): string | undefined => {
    for (const name of names) {
      const value = cleanValue(values.get(name) ?? '', kind).value;
      if (value !== '') return value;
    }
    return undefined;
  };
  const clientId = first('id', 'clientid', 'appid');
  const clientSecret = first('secret', 'clientsecret', 'password');
  const tenantId = first('id', 'tenantid', 'tenant');
  if (clientId === undefined && clientSecret === undefined && tenantId === undefined) return undefined;
  const subscriptionId = first('id', 'subscriptionid');
  const displayName = first('text', 'displayname');
  const endpoint = first('text', 'activedirectoryendpointurl', 'resourcemanagerendpointurl', 'authorityhost');
  const cloud = endpoint === undefined ? undefined : cloudOfEndpoint(endpoint)?.id;
  const missing: PrincipalField[] = [];
  if (tenantId === undefined) missing.push('tenantId');
  if (clientId === undefined) missing.push('clientId');
  if (clientSecret === undefined) missing.push('clientSecret');
  return {
    ...(tenantId === undefined ? {} : { tenantId }),
    ...(clientId === undefined ? {} : { clientId }),
    ...(clientSecret === undefined ? {} : { clientSecret }),
    ...(subscriptionId === undefined ? {} : { subscriptionId }),
    ...(displayName === undefined ? {} : { displayName }),
    ...(cloud === undefined ? {} : { cloud }),
    missing,
    message: describePaste(clientId, tenantId, missing),
  };
}

function describePaste(
  clientId: string | undefined,
  tenantId: string | undefined,
  missing: readonly PrincipalField[],
): string {
  if (missing.includes('clientSecret')) {
    return 'There is no secret in this JSON. If it was made earlier, Azure does not show it again: enter the values one by one or create a new secret.';
  }
  if (clientId === undefined) return 'There is no client ID in this JSON. Enter the values one by one.';
  if (tenantId === undefined) return 'There is no tenant ID in this JSON. Enter the values one by one.';
  return `Found: client ${clientId.slice(0, 8)}…, tenant ${tenantId.slice(0, 8)}…, a secret.`;
}
