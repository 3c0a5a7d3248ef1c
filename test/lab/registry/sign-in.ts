// The token service of one registry: exchange of an Entra token, access tokens, Basic credentials.
import { randomUUID } from 'node:crypto';
import type { Access } from '../access.ts';
import type { App } from '../data/directory.ts';
import type { FaultBoard } from '../faults.ts';
import { isArray, textOf, type JsonObject } from '../json.ts';
import { json, type Exchange, type Reply } from '../origin.ts';
import { isExpired, type TokenSigner } from '../tokens.ts';
import { registryIssuer } from './backing.ts';
import { granted, parseScope, type Caller, type GrantRequest, type RegistryRules } from './grants.ts';

interface SignInRules extends RegistryRules {
  /** Name of the registry: the user name of its admin user. */
  readonly name: string;
  readonly tenantId: string;
  /** Passwords of the admin user; none when it is off. */
  readonly adminPasswords: readonly string[];
  /** Audiences of Entra tokens that the exchange takes. */
  readonly audiences: readonly string[];
}

export interface SignInParts {
  readonly rules: SignInRules;
  readonly loginServer: string;
  readonly access: Access;
  readonly apps: readonly App[];
  readonly signer: TokenSigner;
  readonly faults: FaultBoard;
}

/** User name that goes with a refresh token as password. */
const tokenUser = '00000000-0000-0000-0000-000000000000';
const refreshSeconds = 3 * 3600;

export class RegistrySignIn {
  readonly #parts: SignInParts;

  constructor(parts: SignInParts) {
    this.#parts = parts;
  }

  /** `POST /oauth2/exchange` */
  exchange(exchange: Exchange): Reply {
    const { rules, loginServer, signer, access, apps } = this.#parts;
    const form = formOf(exchange);
    if (form === undefined) return wrongContentType(exchange);
    if (form.get('grant_type') !== 'access_token' || form.get('service') !== loginServer) {
      return failure(400, 'UNSUPPORTED', 'the grant type or the service is not supported');
    }
    const claims = signer.verify(form.get('access_token') ?? '');
    if (claims === undefined || isExpired(claims) || textOf(claims['ver']) === undefined) {
      return failure(401, 'UNAUTHORIZED', 'token validation failed');
    }
    const audience = (textOf(claims['aud']) ?? '').replace(/\/+$/, '');
    if (!rules.audiences.includes(audience)) return failure(401, 'UNAUTHORIZED', 'token validation failed');
    if (claims['tid'] !== rules.tenantId) return failure(401, 'UNAUTHORIZED', 'Application not registered with AAD.');
    const objectId = textOf(claims['oid']) ?? '';
    if (!access.knows(objectId, rules.resourceId)) {
      return failure(403, 'DENIED', 'requested access to the resource is denied');
    }
    return json(200, {
      refresh_token: this.#refreshToken(
        objectId,
        apps.find((app) => app.objectId === objectId),
      ),
    });
  }

  /** `POST /oauth2/token` with a refresh token, or with none for anonymous access. */
  token(exchange: Exchange): Reply {
    const form = formOf(exchange);
    if (form === undefined) return wrongContentType(exchange);
    if (form.get('service') !== this.#parts.loginServer)
      return failure(400, 'UNSUPPORTED', 'the service is not supported');
    const scopes = form.getAll('scope');
    switch (form.get('grant_type')) {
      case 'refresh_token': {
        const caller = this.#callerOfRefreshToken(form.get('refresh_token') ?? '');
        return caller === undefined
          ? failure(401, 'UNAUTHORIZED', 'the refresh token is invalid or has expired')
          : this.#grant(exchange, caller, scopes);
      }
      case 'password':
        // without a user: what clients send for anonymous access
        return form.has('username')
          ? failure(401, 'UNAUTHORIZED', 'authentication required')
          : this.#anonymous(exchange, scopes);
      default:
        return failure(400, 'UNSUPPORTED', 'the grant type is not supported');
    }
  }

  /** `GET /oauth2/token` with Basic credentials, or with none for anonymous access. */
  tokenByGet(exchange: Exchange): Reply {
    const scopes = exchange.query.getAll('scope').flatMap((scope) => scope.split(' '));
    if (exchange.query.get('service') !== this.#parts.loginServer) {
      return failure(400, 'UNSUPPORTED', 'the service is not supported');
    }
    if (exchange.headers['authorization'] === undefined) return this.#anonymous(exchange, scopes);
    const caller = this.basic(exchange.headers['authorization']);
    return caller === undefined ? this.challenge() : this.#grant(exchange, caller, scopes);
  }

  /** The caller behind Basic credentials; undefined when they are wrong. RFC 7617. */
  basic(header: string): Caller | undefined {
    const { rules, apps } = this.#parts;
    const encoded = /^Basic (.+)$/.exec(header)?.[1];
    if (encoded === undefined) return undefined;
    const [user = '', ...rest] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
    const password = rest.join(':');
    if (user === rules.name && rules.adminPasswords.includes(password)) return { kind: 'admin' };
    if (user === tokenUser) return this.#callerOfRefreshToken(password);
    const app = apps.find(({ clientId }) => clientId === user.toLowerCase());
    const valid =
      app?.enabled === true &&
      app.tenantId === rules.tenantId &&
      app.secrets.some(({ value, expires }) => value === password && Date.parse(expires) > Date.now());
    return valid ? { kind: 'principal', objectId: app.objectId } : undefined;
  }

  /**
   * Lets a request through that may do the action, and gives the token with which the registry behind is asked;
   * otherwise the answer to send.
   */
  authorize(exchange: Exchange, wanted: GrantRequest): { readonly token: string } | { readonly refusal: Reply } {
    const header = exchange.headers['authorization'];
    const refusal = this.challenge(wanted);
    if (header === undefined) return { refusal };
    if (header.startsWith('Basic ')) {
      const caller = this.basic(header);
      if (caller === undefined || !this.#has(caller, wanted)) return { refusal };
      return { token: this.#accessToken(caller, [wanted]) };
    }
    const token = /^Bearer (\S+)$/.exec(header)?.[1];
    if (token === undefined) return { refusal };
    if (
      this.#grantsIn(token).some(
        ({ type, name, actions }) =>
          type === wanted.type && name === wanted.name && wanted.actions.every((action) => actions.includes(action)),
      )
    ) {
      return { token };
    }
    if (this.#isOfAnotherAudience(token)) exchange.violation('a token that was not made for this registry');
    return { refusal };
  }

  /** True when the request carries credentials of any kind that are valid here. */
  isSignedIn(exchange: Exchange): boolean {
    const header = exchange.headers['authorization'];
    if (header === undefined) return false;
    if (header.startsWith('Basic ')) return this.basic(header) !== undefined;
    const token = /^Bearer (\S+)$/.exec(header)?.[1] ?? '';
    const claims = this.#parts.signer.verify(token);
    if (claims?.['aud'] !== this.#parts.loginServer) {
      exchange.violation('a token that was not made for this registry');
      return false;
    }
    return !isExpired(claims) && claims['grant_type'] === 'access_token';
  }

  /** 401 that names where tokens are to be had. */
  challenge(wanted?: GrantRequest): Reply {
    const { loginServer } = this.#parts;
    const scope = wanted === undefined ? '' : `,scope="${wanted.type}:${wanted.name}:${wanted.actions.join(',')}"`;
    const detail =
      wanted === undefined
        ? null
        : wanted.actions.map((action) => ({ Type: wanted.type, Name: wanted.name, Action: action }));
    return json(
      401,
      {
        errors: [
          {
            code: 'UNAUTHORIZED',
            message: 'authentication required, visit https://aka.ms/acr/authorization for more information.',
            detail,
          },
        ],
      },
      {
        'www-authenticate': `Bearer realm="https://${loginServer}/oauth2/token",service="${loginServer}"${scope}`,
        'docker-distribution-api-version': 'registry/2.0',
      },
    );
  }

  #anonymous(exchange: Exchange, scopes: readonly string[]): Reply {
    return this.#parts.rules.anonymousPull ? this.#grant(exchange, { kind: 'anonymous' }, scopes) : this.challenge();
  }

  #grant(exchange: Exchange, caller: Caller, scopes: readonly string[]): Reply {
    const requests = scopes.map(parseScope).filter((request) => request !== undefined);
    if (requests.some(({ actions }) => actions.some((action) => !['pull', 'metadata_read', '*'].includes(action)))) {
      exchange.violation('asks for more than reading');
    }
    const grants = requests
      .map((request) => ({ ...request, actions: this.#grantedTo(caller, request) }))
      .filter(({ actions }) => actions.length > 0);
    return json(200, { access_token: this.#accessToken(caller, grants) });
  }

  #grantedTo(caller: Caller, request: GrantRequest): string[] {
    const { access, rules } = this.#parts;
    return granted(access, rules, caller, request);
  }

  #has(caller: Caller, wanted: GrantRequest): boolean {
    return this.#grantedTo(caller, wanted).length === wanted.actions.length;
  }

  #refreshToken(objectId: string, app: App | undefined): string {
    return this.#parts.signer.sign({
      ...this.#common(refreshSeconds),
      sub: app?.clientId ?? objectId,
      oid: objectId,
      version: '1.0',
      grant_type: 'refresh_token',
      appid: app?.clientId,
      tenant: this.#parts.rules.tenantId,
      permissions: { actions: ['read'], notActions: [] },
      roles: [],
    });
  }

  #accessToken(caller: Caller, grants: readonly GrantRequest[]): string {
    const objectId = caller.kind === 'principal' ? caller.objectId : caller.kind;
    return this.#parts.signer.sign(
      {
        ...this.#common(this.#parts.faults.settings.registryTokenSeconds),
        sub: objectId,
        version: '1.0',
        grant_type: 'access_token',
        access: grants.map(({ type, name, actions }) => ({ type, name, actions })),
        roles: [],
      },
      true,
    );
  }

  #common(seconds: number): JsonObject {
    const now = Math.floor(Date.now() / 1000);
    return {
      jti: randomUUID(),
      iss: registryIssuer,
      aud: this.#parts.loginServer,
      nbf: now - 60,
      iat: now,
      exp: now + seconds,
    };
  }

  #callerOfRefreshToken(token: string): Caller | undefined {
    const claims = this.#parts.signer.verify(token);
    const usable =
      claims?.['aud'] === this.#parts.loginServer && claims['grant_type'] === 'refresh_token' && !isExpired(claims);
    const objectId = usable ? textOf(claims['oid']) : undefined;
    return objectId === undefined ? undefined : { kind: 'principal', objectId };
  }

  #grantsIn(token: string): GrantRequest[] {
    const claims = this.#parts.signer.verify(token);
    if (claims?.['aud'] !== this.#parts.loginServer || isExpired(claims) || claims['grant_type'] !== 'access_token')
      return [];
    const access = claims['access'];
    return isArray(access) ? access.flatMap(grantOf) : [];
  }

  #isOfAnotherAudience(token: string): boolean {
    const claims = this.#parts.signer.verify(token);
    return claims === undefined || claims['aud'] !== this.#parts.loginServer;
  }
}

function grantOf(value: unknown): GrantRequest[] {
  // our own token, whose signature was checked
  const grant = value as GrantRequest;
  return [grant];
}

function formOf(exchange: Exchange): URLSearchParams | undefined {
  const type = exchange.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  return type === 'application/x-www-form-urlencoded' ? new URLSearchParams(exchange.body) : undefined;
}

function wrongContentType(exchange: Exchange): Reply {
  exchange.violation('a form of another content type');
  return failure(415, 'UNSUPPORTED', 'the content type is not supported');
}

export function failure(status: number, code: string, message: string, detail: JsonObject | null = null): Reply {
  return json(status, { errors: [{ code, message, detail }] }, { 'docker-distribution-api-version': 'registry/2.0' });
}
