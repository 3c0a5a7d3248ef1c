// Who calls Resource Manager: the bearer token and what can be wrong with it.
import { textOf } from '../json.ts';
import type { Exchange, Reply } from '../origin.ts';
import { isExpired, type TokenSigner } from '../tokens.ts';
import { armError, type Caller } from './replies.ts';

export interface SignInParts {
  readonly signer: TokenSigner;
  /** Without trailing slash; tokens with one are taken too. */
  readonly audience: string;
  /** Tenant of the subscriptions. */
  readonly tenantId: string;
  readonly authorityHost: string;
}

export function signIn(
  parts: SignInParts,
  exchange: Exchange,
  aboutSubscription: boolean,
): Caller | { readonly refusal: Reply } {
  const header = exchange.headers['authorization'];
  const token = /^Bearer (\S+)$/.exec(header ?? '')?.[1];
  const challenge = {
    'www-authenticate': `Bearer authorization_uri="https://login.windows.net/${parts.tenantId}", error="invalid_token", error_description="The authentication failed because of missing 'Authorization' header."`,
  };
  if (token === undefined) {
    if (header !== undefined) exchange.violation('credentials that are no bearer token');
    return {
      refusal: armError(
        401,
        'AuthenticationFailed',
        "Authentication failed. The 'Authorization' header is missing.",
        challenge,
      ),
    };
  }
  const claims = parts.signer.verify(token);
  if (claims === undefined) {
    return { refusal: armError(401, 'InvalidAuthenticationToken', 'The access token is invalid.', challenge) };
  }
  const audience = textOf(claims['aud']) ?? '';
  if (audience.replace(/\/$/, '') !== parts.audience) {
    exchange.violation('a token that was not made for Resource Manager');
    return {
      refusal: armError(
        401,
        'InvalidAuthenticationTokenAudience',
        `The access token has been obtained for wrong audience or resource '${audience}'. It should exactly match with one of the allowed audiences '${parts.audience}','${parts.audience}/'.`,
        challenge,
      ),
    };
  }
  if (isExpired(claims)) {
    const expired = new Date(Number(claims['exp']) * 1000).toISOString();
    return {
      refusal: armError(
        401,
        'ExpiredAuthenticationToken',
        `The access token expiry UTC time '${expired}' is earlier than current UTC time '${new Date().toISOString()}'.`,
        challenge,
      ),
    };
  }
  const tenantId = textOf(claims['tid']) ?? '';
  if (aboutSubscription && tenantId !== parts.tenantId) {
    return {
      refusal: armError(
        401,
        'InvalidAuthenticationTokenTenant',
        `The access token is from the wrong issuer 'https://sts.windows.net/${tenantId}/'. It must match the tenant 'https://sts.windows.net/${parts.tenantId}/' associated with this subscription. Please use the authority (URL) 'https://login.windows.net/${parts.tenantId}' to get the token. Note, if the subscription is transferred to another tenant there is no impact to the services, but information about new tenant could take time to propagate (up to an hour). If you just transferred your subscription and see this error message, please try back later.`,
        challenge,
      ),
    };
  }
  return { clientId: textOf(claims['appid']) ?? '', objectId: textOf(claims['oid']) ?? '', tenantId };
}
