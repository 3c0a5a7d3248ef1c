// A bare https client that trusts the lab's authority and hides nothing: no redirects, no retries.
import { request, type Agent } from 'node:https';
import { parseObject, textOf, type JsonObject } from '../../lab/json.ts';
import type { Lab } from '../../lab/main.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly bytes: Buffer;
  /** The body as an object; an empty one when it is none. */
  readonly json: JsonObject;
}

export interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** PEM; default the lab's authority. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** Keeps connections between requests. */
  readonly agent?: Agent;
}

/** Sends one request. Rejects when the connection breaks before the end of the body. */
export function ask(lab: Lab, url: string, asked: Asked = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      {
        method: asked.method ?? 'GET',
        headers: {
          ...(asked.body === undefined ? {} : { 'content-length': String(Buffer.byteLength(asked.body)) }),
          ...asked.headers,
        },
        ca: asked.ca ?? lab.caPem,
        cert: asked.cert,
        key: asked.key,
        agent: asked.agent ?? false,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const bytes = Buffer.concat(chunks);
          const text = bytes.toString('utf8');
          const headers = Object.fromEntries(
            Object.entries(response.headers).map(([name, value]) => [
              name,
              Array.isArray(value) ? value.join(', ') : (value ?? ''),
            ]),
          );
          resolve({ status: response.statusCode ?? 0, headers, text, bytes, json: parseObject(text) ?? {} });
        });
      },
    );
    sent.on('error', reject);
    sent.end(asked.body);
  });
}

export function form(fields: Readonly<Record<string, string>>): Asked {
  return {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  };
}

/** Asks the token endpoint, as the sign-in of this name. */
export async function signIn(lab: Lab, name: string, scope: string): Promise<Answer> {
  const { tenantId, clientId, clientSecret } = lab.credentials.named[name]!;
  const fields = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret, scope };
  return ask(lab, `${lab.customCloud.authorityHost}/${tenantId}/oauth2/v2.0/token`, form(fields));
}

export async function accessToken(lab: Lab, name: string, scope: string): Promise<string> {
  const answer = await signIn(lab, name, scope);
  const token = textOf(answer.json['access_token']);
  if (token === undefined) throw new Error(`No token for "${name}": ${answer.text}`);
  return token;
}

export async function armToken(lab: Lab, name = 'good'): Promise<string> {
  return accessToken(lab, name, `${lab.customCloud.armAudience}/.default`);
}

export const bearer = (token: string): Asked => ({ headers: { authorization: `Bearer ${token}` } });

/** The claims of a token, unverified. */
export function claimsOf(token: string): JsonObject {
  return parseObject(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) ?? {};
}
