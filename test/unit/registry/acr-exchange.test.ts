import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import type { AccessDeniedError } from '../../../src/core/errors.ts';
import { createAcrCredentials, type AcrCredentialsOptions } from '../../../src/registry/acr-exchange.ts';
import type { RegistryCredentials } from '../../../src/registry/types.ts';
import { httpClient, json, jwt, serve, type Seen, type Server } from './server.ts';

const signal = new AbortController().signal;

/** A clock that tests move. */
class TestClock {
  ms = Date.parse('2026-11-02T08:00:00Z');
  now(): Date {
    return new Date(this.ms);
  }
  pass(minutes: number): void {
    this.ms += minutes * 60_000;
  }
  /** `exp` of a token that lives so long from now. */
  in(minutes: number): number {
    return this.ms / 1000 + minutes * 60;
  }
}

const form = (request: Seen): Record<string, string> => Object.fromEntries(new URLSearchParams(request.body));

interface Setup {
  readonly credentials: RegistryCredentials;
  readonly ask: (scope: string, renew?: boolean) => Promise<string | undefined>;
  readonly secrets: string[];
}

function setUp(server: Server, clock: TestClock, options: Partial<AcrCredentialsOptions> = {}): Setup {
  const secrets: string[] = [];
  const credentials = createAcrCredentials({
    http: httpClient(),
    clock,
    host: server.host,
    accessToken: () => Promise.resolve('ENTRA-TOKEN'),
    onSecret: (value) => secrets.push(value),
    ...options,
  });
  return {
    credentials,
    secrets,
    ask: (scope, renew = false) =>
      credentials.authorization({ host: server.host, scope, challenge: { scheme: 'bearer' }, signal, renew }),
  };
}

/** Grants what is asked for ten minutes, refresh tokens for three hours. */
function registry(clock: TestClock, change?: (request: Seen, response: ServerResponse) => boolean) {
  let number = 0;
  return (request: Seen, response: ServerResponse): void => {
    if (change?.(request, response) === true) return;
    if (request.path === '/oauth2/exchange') {
      json(response, 200, { refresh_token: jwt({ exp: clock.in(180), number: ++number }) });
      return;
    }
    const [type = '', name = '', actions = ''] = (form(request)['scope'] ?? '').split(':');
    const access = [{ type, name, actions: actions.split(',') }];
    json(response, 200, { access_token: jwt({ exp: clock.in(10), access, number: ++number }) });
  };
}

describe('signing in to an Azure container registry', () => {
  it('exchanges the Entra token once and gets a token for each scope', async () => {
    const clock = new TestClock();
    await using server = await serve(registry(clock));
    const { ask, secrets } = setUp(server, clock, { tenantId: 'TENANT' });
    const first = await ask('repository:team/api:pull');
    await ask('repository:web:pull');
    assert.equal(await ask('repository:team/api:pull'), first);
    assert.deepEqual(
      server.seen.map((request) => [request.method, request.path, { ...form(request), refresh_token: undefined }]),
      [
        [
          'POST',
          '/oauth2/exchange',
          {
            grant_type: 'access_token',
            service: server.host,
            tenant: 'TENANT',
            access_token: 'ENTRA-TOKEN',
            refresh_token: undefined,
          },
        ],
        [
          'POST',
          '/oauth2/token',
          {
            grant_type: 'refresh_token',
            service: server.host,
            scope: 'repository:team/api:pull',
            refresh_token: undefined,
          },
        ],
        [
          'POST',
          '/oauth2/token',
          { grant_type: 'refresh_token', service: server.host, scope: 'repository:web:pull', refresh_token: undefined },
        ],
      ],
    );
    assert.equal(server.seen[0]?.headers['content-type'], 'application/x-www-form-urlencoded');
    assert.equal(secrets.length, 3, 'every token that came was told');
    assert.ok(secrets.some((secret) => first === `Bearer ${secret}`));
  });

  it('gets a new access token before the old one ends, and a new refresh token before that one does', async () => {
    const clock = new TestClock();
    await using server = await serve(registry(clock));
    const { ask } = setUp(server, clock);
    const paths = (): string[] => server.seen.splice(0).map(({ path }) => path);
    await ask('repository:a:pull');
    clock.pass(8);
    await ask('repository:a:pull');
    assert.deepEqual(paths(), ['/oauth2/exchange', '/oauth2/token']);
    clock.pass(1.5);
    await ask('repository:a:pull');
    assert.deepEqual(paths(), ['/oauth2/token']);
    clock.pass(170);
    await ask('repository:a:pull');
    assert.deepEqual(paths(), ['/oauth2/exchange', '/oauth2/token']);
  });

  it('gets a new access token when the registry refused the last one', async () => {
    const clock = new TestClock();
    await using server = await serve(registry(clock));
    const { ask } = setUp(server, clock);
    const first = await ask('repository:a:pull');
    const second = await ask('repository:a:pull', true);
    assert.notEqual(second, first);
    assert.equal(await ask('repository:a:pull'), second);
  });

  it('exchanges once for calls at the same time', async () => {
    const clock = new TestClock();
    await using server = await serve(registry(clock));
    const { ask } = setUp(server, clock);
    await Promise.all(['a', 'b', 'c'].map((name) => ask(`repository:${name}:pull`)));
    assert.equal(server.seen.filter(({ path }) => path === '/oauth2/exchange').length, 1);
  });

  it('exchanges again when the refresh token was withdrawn before its time', async () => {
    const clock = new TestClock();
    let refuse = false;
    await using server = await serve(
      registry(clock, (request, response) => {
        if (!refuse || request.path !== '/oauth2/token') return false;
        refuse = false;
        json(response, 401, { errors: [{ code: 'UNAUTHORIZED', message: 'authentication required' }] });
        return true;
      }),
    );
    const { ask } = setUp(server, clock);
    await ask('repository:a:pull');
    refuse = true;
    await ask('repository:b:pull');
    assert.deepEqual(
      server.seen.map(({ path }) => path),
      ['/oauth2/exchange', '/oauth2/token', '/oauth2/token', '/oauth2/exchange', '/oauth2/token'],
    );
  });

  describe('with fewer rights than asked for', () => {
    const granting = async (access: unknown, scope: string): Promise<AccessDeniedError | undefined> => {
      const clock = new TestClock();
      await using server = await serve(
        registry(clock, (request, response) => {
          if (request.path !== '/oauth2/token') return false;
          json(response, 200, {
            access_token: typeof access === 'string' ? access : jwt({ exp: clock.in(10), access }),
          });
          return true;
        }),
      );
      try {
        await setUp(server, clock).ask(scope);
        return undefined;
      } catch (error) {
        return error as AccessDeniedError;
      }
    };

    const refused: [string, unknown, string, string][] = [
      ['nothing', [], 'repository:a:pull', 'pull'],
      ['metadata alone', [{ type: 'repository', name: 'a', actions: ['metadata_read'] }], 'repository:a:pull', 'pull'],
      ['another repository', [{ type: 'repository', name: 'b', actions: ['pull'] }], 'repository:a:pull', 'pull'],
      ['no actions', [{ type: 'repository', name: 'a', actions: null }], 'repository:a:pull', 'pull'],
      [
        'pull alone',
        [{ type: 'repository', name: 'a', actions: ['pull'] }],
        'repository:a:pull,metadata_read',
        'metadata_read',
      ],
      ['no catalog', [], 'registry:catalog:*', '*'],
    ];
    for (const [what, access, scope, action] of refused) {
      it(`says what is missing when ${what} was granted for ${scope}`, async () => {
        const error = await granting(access, scope);
        assert.equal(error?.code, 'access-denied');
        assert.equal(error.action, action);
        assert.equal(error.scope, scope);
        assert.match(error.nextStep, scope.startsWith('registry') ? /Catalog Lister/ : /Repository Reader/);
      });
    }

    it('goes on where all was granted, or where the token does not tell', async () => {
      assert.equal(
        await granting(
          [{ type: 'repository', name: 'a/b', actions: ['pull', 'metadata_read'] }],
          'repository:a/b:pull',
        ),
        undefined,
      );
      assert.equal(
        await granting([{ type: 'registry', name: 'catalog', actions: ['*'] }], 'registry:catalog:*'),
        undefined,
      );
      assert.equal(await granting([{ type: 'repository', name: 'a', actions: ['*'] }], 'repository:a:pull'), undefined);
      for (const token of ['opaque', 'a.b.c', jwt({ access: 'odd' }), jwt({})])
        assert.equal(await granting(token, 'repository:a:pull'), undefined);
    });
  });

  describe('that is refused', () => {
    const refusing = async (status: number, body: unknown): Promise<Error & { code?: string; nextStep?: string }> => {
      const clock = new TestClock();
      await using server = await serve((_request, response) => json(response, status, body));
      const error: unknown = await setUp(server, clock)
        .ask('repository:a:pull')
        .catch((caught: unknown) => caught);
      assert.ok(error instanceof Error);
      return error;
    };

    it('names the role to assign', async () => {
      for (const status of [401, 403]) {
        const error = await refusing(status, { errors: [{ code: 'UNAUTHORIZED', message: 'no' }] });
        assert.equal(error.code, 'access-denied');
      }
      assert.match((await refusing(401, {})).nextStep ?? '', /AcrPull/);
      assert.match((await refusing(200, { other: 1 })).nextStep ?? '', /AcrPull/);
    });

    it('names the address that a firewall wants', async () => {
      const error = await refusing(403, {
        errors: [{ code: 'DENIED', message: "client with IP '203.0.113.7' is not allowed access." }],
      });
      assert.match(error.nextStep ?? '', /203\.0\.113\.7/);
    });

    it('tells a wrong tenant', async () => {
      const error = await refusing(401, {
        errors: [{ code: 'UNAUTHORIZED', message: 'Application not registered with AAD.' }],
      });
      assert.equal(error.code, 'not-signed-in');
    });

    it('never shows a token', async () => {
      const error = await refusing(401, { errors: [{ code: 'UNAUTHORIZED', message: 'x' }] });
      assert.ok(!`${error.message} ${error.stack ?? ''}`.includes('ENTRA-TOKEN'));
    });
  });

  it('gives no token to another registry, and sends nothing', async () => {
    const clock = new TestClock();
    await using server = await serve(registry(clock));
    const { credentials } = setUp(server, clock);
    await assert.rejects(
      credentials.authorization({
        host: 'evil.azurecr.io',
        scope: 'repository:a:pull',
        challenge: { scheme: 'bearer', realm: 'https://evil.azurecr.io/t' },
        signal,
        renew: false,
      }),
      { code: 'refused' },
    );
    assert.equal(server.seen.length, 0);
  });

  it('passes on why there is no Entra token', async () => {
    const clock = new TestClock();
    await using server = await serve(registry(clock));
    const { ask } = setUp(server, clock, { accessToken: () => Promise.reject(new Error('AADSTS7000215')) });
    await assert.rejects(ask('repository:a:pull'), /AADSTS7000215/);
    assert.equal(server.seen.length, 0);
  });
});
