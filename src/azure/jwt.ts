import * as z from 'zod';

/** Claims of an app-only access token that say who we are and what was granted. Microsoft Entra, "Access token claims reference". */
export interface TokenClaims {
  readonly aud?: string;
  readonly iss?: string;
  /** Tenant. */
  readonly tid?: string;
  /** Client id. */
  readonly appid?: string;
  /** Object id of the service principal: the `principalId` of role assignments. */
  readonly oid?: string;
  /** Application permissions, such as `Directory.Read.All`; empty when none is granted. */
  readonly roles: readonly string[];
  /** Seconds since 1970. */
  readonly exp?: number;
}

const text = z.string().optional().catch(undefined);
const schema = z.object({
  aud: text,
  iss: text,
  tid: text,
  appid: text,
  azp: text,
  oid: text,
  roles: z.array(z.string()).catch([]),
  exp: z.number().optional().catch(undefined),
});

/**
 * Claims of one of our own tokens, without checking its signature: only to tell a person what Azure granted, never to
 * decide what to allow. Undefined when the token is opaque.
 */
export function readClaims(token: string): TokenClaims | undefined {
  const payload = token.split('.')[1];
  if (payload === undefined || token.length > 64 * 1024) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
  const result = schema.safeParse(parsed);
  if (!result.success) return undefined;
  const { azp, appid, ...claims } = result.data;
  const client = appid ?? azp;
  return compact({ ...claims, ...(client === undefined ? {} : { appid: client }) });
}

function compact(claims: z.infer<typeof schema>): TokenClaims {
  const { roles, exp, aud, iss, tid, appid, oid } = claims;
  return {
    roles,
    ...(exp === undefined ? {} : { exp }),
    ...(aud === undefined ? {} : { aud }),
    ...(iss === undefined ? {} : { iss }),
    ...(tid === undefined ? {} : { tid }),
    ...(appid === undefined ? {} : { appid }),
    ...(oid === undefined ? {} : { oid }),
  };
}
